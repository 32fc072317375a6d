"""Asterisk by AMI."""
