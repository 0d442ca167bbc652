#!/bin/sh
hostnamectl set-hostname web-1
