"""cli/applets"""
