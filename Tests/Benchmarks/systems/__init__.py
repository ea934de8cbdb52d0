"""The systems that peers.py measures side by side, one file each."""
