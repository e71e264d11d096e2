"""A DHCPv6 client in few words: asks on a device as a guest does, prints what it was given as JSON.

  dhcp6.py eth0            solicit and request an address
  dhcp6.py eth0 options    ask for options alone (information-request)
"""
import fcntl, json, os, socket, struct, sys

device, wish = sys.argv[1], (sys.argv[2:] or ["address"])[0]
index = socket.if_nametoindex(device)
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mac = fcntl.ioctl(probe, 0x8927, struct.pack("256s", device.encode()))[18:24]
own = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
source = socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + own)
sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
sock.bind((source, 546, 0, index))
sock.settimeout(1)
option = lambda code, data: struct.pack("!HH", code, len(data)) + data
client = option(1, b"\0\3\0\1" + mac)
association = option(3, struct.pack("!III", 7, 0, 0))
wanted = option(6, struct.pack("!HH", 23, 24))


def read(data):
    found = []
    while len(data) >= 4:
        code, size = struct.unpack("!HH", data[:4])
        found.append((code, data[4 : 4 + size]))
        data = data[4 + size :]
    return found


def exchange(kind, more):
    for _ in range(5):
        number = os.urandom(3)
        message = bytes([kind]) + number + client + wanted + option(8, b"\0\0") + more
        sock.sendto(message, ("ff02::1:2", 547, 0, index))
        try:
            while True:
                answer = sock.recv(4096)
                if answer[1:4] == number:
                    return read(answer[4:])
        except socket.timeout:
            pass
    sys.exit("nobody answers")


def told(options):
    result = {"addresses": [], "servers": []}
    for code, data in options:
        if code == 3:
            for inner, value in read(data[12:]):
                if inner == 5:
                    result["addresses"].append(socket.inet_ntop(socket.AF_INET6, value[:16]))
        if code == 23:
            result["servers"] += [socket.inet_ntop(socket.AF_INET6, data[i : i + 16]) for i in range(0, len(data), 16)]
    return result


if wish == "options":
    print(json.dumps(told(exchange(11, b""))))
else:
    offer = exchange(1, association)
    server = b"".join(option(code, data) for code, data in offer if code in (2, 3))
    print(json.dumps(told(exchange(3, server))))
