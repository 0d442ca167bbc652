"""butane"""
