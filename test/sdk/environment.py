"""openstacksdk makes a whole environment in the cloud of clouds.yaml, and removes it.

Arguments: the guest's disk (qcow2), the name of the external network, and 'ssh' where guests really run: then the server
is logged in to at its floating IP. Prints what it saw as JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import openstack
from openstack import exceptions

disk, external_name = sys.argv[1:3]
really = "ssh" in sys.argv[3:]
admin = openstack.connect(cloud="deskcloud")
seen = {}


def user_of(project, user):
    """A connection as the new user, with nothing of the administrator's."""
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth={
            "auth_url": admin.config.auth["auth_url"],
            "project_id": project.id,
            "username": user.name,
            "password": "a-long-password",
            "user_domain_id": "default",
        },
        region_name=admin.config.region_name,
    )


def negotiate(cloud):
    """What both ends agree on, and what they do not."""
    endpoint = cloud.compute.get_endpoint_data()
    seen["microversions"] = [list(endpoint.min_microversion), list(endpoint.max_microversion)]
    keys = {}
    for version in ("2.1", "2.52", "2.93"):
        servers = cloud.compute.get("/servers/detail", microversion=version)
        keys[version] = [servers.status_code, servers.headers["OpenStack-API-Version"]]
    keys["2.999"] = [cloud.compute.get("/servers", microversion="2.999").status_code]
    seen["negotiated"] = keys


def log_in(address, key):
    """Waits for the guest and asks for its name."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "key")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(key)
        options = "BatchMode=yes StrictHostKeyChecking=no UserKnownHostsFile=/dev/null ConnectTimeout=5 LogLevel=ERROR"
        words = ["ssh", "-i", path, *(f"-o{one}" for one in options.split()), f"root@{address}", "hostname"]
        for _ in range(120):
            ran = subprocess.run(words, capture_output=True, text=True)
            if ran.returncode == 0:
                return ran.stdout.strip()
            time.sleep(1)
    return ran.stderr


def use(cloud, image, flavor):
    """The environment of one project."""
    external = cloud.network.find_network(external_name, ignore_missing=False)
    network = cloud.network.create_network(name="sdk-net")
    subnet = cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.99.0.0/24", name="sdk-subnet")
    router = cloud.network.create_router(name="sdk-router", external_gateway_info={"network_id": external.id})
    cloud.network.add_interface_to_router(router, subnet_id=subnet.id)
    group = cloud.network.create_security_group(name="sdk-group")
    for rule in ({"protocol": "icmp"}, {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}):
        cloud.network.create_security_group_rule(security_group_id=group.id, direction="ingress", **rule)
    pair = cloud.compute.create_keypair(name="sdk-key")
    server = cloud.compute.create_server(
        name="sdk-server",
        image_id=image.id,
        flavor_id=flavor.id,
        key_name=pair.name,
        networks=[{"uuid": network.id}],
        security_groups=[{"name": group.name}],
        metadata={"made-by": "openstacksdk"},
    )
    server = cloud.compute.wait_for_server(server, wait=300, interval=0.5)
    port = next(cloud.network.ports(device_id=server.id))
    floating = cloud.network.create_ip(floating_network_id=external.id, port_id=port.id)
    seen["server"] = [server.status, server.metadata, server.flavor.original_name]
    seen["fixed"] = port.fixed_ips[0]["ip_address"]
    server = cloud.compute.get_server(server.id)
    seen["addresses"] = sorted(one["OS-EXT-IPS:type"] for one in server.addresses["sdk-net"])
    seen["interface"] = [one.port_id == port.id for one in cloud.compute.server_interfaces(server)]
    if really:
        seen["hostname"] = log_in(floating.floating_ip_address, pair.private_key)

    cloud.network.delete_ip(floating)
    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server, wait=120, interval=0.5)
    cloud.compute.delete_keypair(pair)
    cloud.network.remove_interface_from_router(router, subnet_id=subnet.id)
    cloud.network.delete_router(router)
    cloud.network.delete_subnet(subnet)
    cloud.network.delete_network(network)
    cloud.network.delete_security_group(group)
    seen["left"] = {
        "servers": [one.name for one in cloud.compute.servers()],
        "networks": [one.name for one in cloud.network.networks(project_id=cloud.current_project_id)],
        "ports": [one.id for one in cloud.network.ports(project_id=cloud.current_project_id)],
        "routers": [one.name for one in cloud.network.routers(project_id=cloud.current_project_id)],
        "floating IPs": [one.id for one in cloud.network.ips(project_id=cloud.current_project_id)],
        "key pairs": [one.name for one in cloud.compute.keypairs()],
    }


project = admin.identity.create_project(name="sdk-project", domain_id="default")
user = admin.identity.create_user(
    name="sdk-user", password="a-long-password", domain_id="default", default_project_id=project.id
)
role = admin.identity.find_role("member", ignore_missing=False)
admin.identity.assign_project_role_to_user(project, user, role)
flavor = admin.compute.create_flavor(name="sdk-flavor", vcpus=1, ram=128, disk=1)
cloud = user_of(project, user)
negotiate(cloud)
image = cloud.image.create_image(
    name="sdk-image", filename=disk, disk_format="qcow2", container_format="bare", wait=True, timeout=120
)
seen["image"] = cloud.image.get_image(image.id).status
use(cloud, image, flavor)
cloud.image.delete_image(image)
admin.compute.delete_flavor(flavor)
admin.identity.delete_user(user)
admin.identity.delete_project(project)
try:
    user_of(project, user).authorize()
    seen["afterwards"] = "still there"
except exceptions.SDKException as error:
    seen["afterwards"] = "refused" if "HTTP 401" in str(error) else str(error)
print(json.dumps(seen))
