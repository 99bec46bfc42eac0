"""Measurements that anyone can run; each prints its figures beside their limit."""
