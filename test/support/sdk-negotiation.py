"""openstacksdk against the cloud of clouds.yaml: agrees on versions, makes a network and a server and deletes them.
Arguments: an image's name and a flavor's. Prints what it saw as JSON."""

import json
import sys

import openstack

cloud = openstack.connect(cloud="deskcloud")
image = cloud.image.find_image(sys.argv[1], ignore_missing=False)
flavor = cloud.compute.find_flavor(sys.argv[2], ignore_missing=False)
network = cloud.network.create_network(name="sdk-net")
subnet = cloud.network.create_subnet(
    network_id=network.id, ip_version=4, cidr="10.99.0.0/24", name="sdk-subnet"
)
server = cloud.compute.create_server(
    name="sdk-server", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": network.id}]
)
server = cloud.compute.wait_for_server(server, wait=60, interval=0.2)
found = [one.id for one in cloud.compute.servers(name="sdk-server")]
endpoint = cloud.compute.get_endpoint_data()
saw = {
    "status": server.status,
    "listed": found == [server.id],
    "flavor": server.flavor.original_name,
    "microversion": server.microversion,
    "highest": endpoint.max_microversion and list(endpoint.max_microversion),
    "addresses": sorted(server.addresses),
    "url": cloud.compute.create_console(server, "novnc")["url"],
}
cloud.compute.delete_server(server)
cloud.compute.wait_for_delete(server, wait=60, interval=0.2)
cloud.network.delete_network(network)
saw["left"] = [one.name for one in cloud.network.networks(name="sdk-net")]
print(json.dumps(saw))
