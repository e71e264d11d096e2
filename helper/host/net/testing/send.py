"""Sends the frames given in hexadecimal from eth0 of the namespace it runs in."""
import socket
import sys

out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("eth0", 0))
for frame in sys.argv[1:]:
    out.send(bytes.fromhex(frame))
