"""Prints the frames that eth0 receives, in hexadecimal, until one holds the marker given or 8 s are over."""
import socket
import struct
import sys

marker = bytes.fromhex(sys.argv[1])
source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
source.bind(("eth0", 3))
# The kernel takes a VLAN tag out of the frame and tells of it aside (PACKET_AUXDATA).
source.setsockopt(263, 8, 1)
source.settimeout(8)
print("ready", flush=True)
while True:
    frame, aside, _, address = source.recvmsg(65536, 256)
    if address[2] == 4:
        continue
    for _, kind, data in aside:
        if kind == 8:
            status, _, _, _, _, tag, protocol = struct.unpack("IIIHHHH", data)
            if status & 16:
                frame = frame[:12] + struct.pack("!HH", protocol, tag) + frame[12:]
    print(frame.hex(), flush=True)
    if marker in frame:
        break
