// Gophercloud makes a whole environment in the cloud of the OS_* variables, and removes it.
//
// Arguments: the guest's disk (qcow2) and the name of the external network. Prints what it saw as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/keypairs"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/roles"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/users"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/imagedata"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/images"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/extensions/security/rules"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/openstack/networking/v2/subnets"
)

const password = "a-long-password"

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// clients of one login.
type clients struct {
	identity, compute, image, network *gophercloud.ServiceClient
}

func login(options gophercloud.AuthOptions) (clients, error) {
	provider, err := openstack.AuthenticatedClient(options)
	if err != nil {
		return clients{}, err
	}
	where := gophercloud.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")}
	var all clients
	all.identity, err = openstack.NewIdentityV3(provider, where)
	check(err)
	all.compute, err = openstack.NewComputeV2(provider, where)
	check(err)
	all.image, err = openstack.NewImageServiceV2(provider, where)
	check(err)
	all.network, err = openstack.NewNetworkV2(provider, where)
	check(err)
	return all, nil
}

func makeImage(cloud clients, disk string) string {
	image, err := images.Create(cloud.image, images.CreateOpts{
		Name: "go-image", DiskFormat: "qcow2", ContainerFormat: "bare",
	}).Extract()
	check(err)
	file, err := os.Open(disk)
	check(err)
	defer file.Close()
	check(imagedata.Upload(cloud.image, image.ID, file).ExtractErr())
	return image.ID
}

func externalNetwork(cloud clients, name string) string {
	pages, err := networks.List(cloud.network, networks.ListOpts{Name: name}).AllPages()
	check(err)
	found, err := networks.ExtractNetworks(pages)
	check(err)
	return found[0].ID
}

// use makes and removes the environment of one project.
func use(cloud clients, image, flavor, external string, seen map[string]interface{}) {
	network, err := networks.Create(cloud.network, networks.CreateOpts{Name: "go-net"}).Extract()
	check(err)
	subnet, err := subnets.Create(cloud.network, subnets.CreateOpts{
		Name: "go-subnet", NetworkID: network.ID, IPVersion: gophercloud.IPv4, CIDR: "10.98.0.0/24",
	}).Extract()
	check(err)
	router, err := routers.Create(cloud.network, routers.CreateOpts{
		Name: "go-router", GatewayInfo: &routers.GatewayInfo{NetworkID: external},
	}).Extract()
	check(err)
	_, err = routers.AddInterface(cloud.network, router.ID, routers.AddInterfaceOpts{SubnetID: subnet.ID}).Extract()
	check(err)
	group, err := groups.Create(cloud.network, groups.CreateOpts{Name: "go-group"}).Extract()
	check(err)
	_, err = rules.Create(cloud.network, rules.CreateOpts{
		SecGroupID: group.ID, Direction: rules.DirIngress, EtherType: rules.EtherType4,
		Protocol: rules.ProtocolTCP, PortRangeMin: 22, PortRangeMax: 22,
	}).Extract()
	check(err)
	pair, err := keypairs.Create(cloud.compute, keypairs.CreateOpts{Name: "go-key"}).Extract()
	check(err)
	server, err := servers.Create(cloud.compute, keypairs.CreateOptsExt{
		CreateOptsBuilder: servers.CreateOpts{
			Name: "go-server", ImageRef: image, FlavorRef: flavor, SecurityGroups: []string{group.Name},
			Networks: []servers.Network{{UUID: network.ID}}, Metadata: map[string]string{"made-by": "gophercloud"},
		},
		KeyName: pair.Name,
	}).Extract()
	check(err)
	check(servers.WaitForStatus(cloud.compute, server.ID, "ACTIVE", 300))
	server, err = servers.Get(cloud.compute, server.ID).Extract()
	check(err)
	seen["server"] = []interface{}{server.Status, server.Metadata, server.KeyName}
	pages, err := ports.List(cloud.network, ports.ListOpts{DeviceID: server.ID}).AllPages()
	check(err)
	found, err := ports.ExtractPorts(pages)
	check(err)
	seen["ports"] = len(found)
	floating, err := floatingips.Create(cloud.network, floatingips.CreateOpts{
		FloatingNetworkID: external, PortID: found[0].ID,
	}).Extract()
	check(err)
	seen["floating"] = floating.FixedIP == found[0].FixedIPs[0].IPAddress

	check(floatingips.Delete(cloud.network, floating.ID).ExtractErr())
	check(servers.Delete(cloud.compute, server.ID).ExtractErr())
	check(gophercloud.WaitFor(120, func() (bool, error) {
		_, err := servers.Get(cloud.compute, server.ID).Extract()
		if _, gone := err.(gophercloud.ErrDefault404); gone {
			return true, nil
		}
		time.Sleep(200 * time.Millisecond)
		return false, err
	}))
	check(keypairs.Delete(cloud.compute, pair.Name).ExtractErr())
	_, err = routers.RemoveInterface(cloud.network, router.ID, routers.RemoveInterfaceOpts{SubnetID: subnet.ID}).Extract()
	check(err)
	check(routers.Delete(cloud.network, router.ID).ExtractErr())
	check(subnets.Delete(cloud.network, subnet.ID).ExtractErr())
	check(networks.Delete(cloud.network, network.ID).ExtractErr())
	check(groups.Delete(cloud.network, group.ID).ExtractErr())

	pages, err = ports.List(cloud.network, ports.ListOpts{}).AllPages()
	check(err)
	left, err := ports.ExtractPorts(pages)
	check(err)
	pages, err = servers.List(cloud.compute, servers.ListOpts{}).AllPages()
	check(err)
	running, err := servers.ExtractServers(pages)
	check(err)
	seen["left"] = len(left) + len(running)
}

// negotiate asks for the servers at microversions, among them one that is none.
func negotiate(cloud clients, seen map[string]interface{}) {
	answers := map[string]string{}
	for _, version := range []string{"2.1", "2.60", "2.93", "2.999"} {
		client := *cloud.compute
		client.Microversion = version
		_, err := servers.List(&client, servers.ListOpts{}).AllPages()
		if unexpected, ok := err.(gophercloud.ErrUnexpectedResponseCode); ok {
			answers[version] = fmt.Sprint(unexpected.Actual)
		} else {
			check(err)
			answers[version] = "ok"
		}
	}
	seen["negotiated"] = answers
}

func memberRole(admin clients) string {
	pages, err := roles.List(admin.identity, roles.ListOpts{Name: "member"}).AllPages()
	check(err)
	found, err := roles.ExtractRoles(pages)
	check(err)
	return found[0].ID
}

func main() {
	disk, externalName := os.Args[1], os.Args[2]
	seen := map[string]interface{}{}
	options, err := openstack.AuthOptionsFromEnv()
	check(err)
	admin, err := login(options)
	check(err)
	project, err := projects.Create(admin.identity, projects.CreateOpts{Name: "go-project", DomainID: "default"}).Extract()
	check(err)
	user, err := users.Create(admin.identity, users.CreateOpts{
		Name: "go-user", Password: password, DomainID: "default", DefaultProjectID: project.ID,
	}).Extract()
	check(err)
	check(roles.Assign(admin.identity, memberRole(admin), roles.AssignOpts{
		UserID: user.ID, ProjectID: project.ID,
	}).ExtractErr())
	size := 1
	flavor, err := flavors.Create(admin.compute, flavors.CreateOpts{
		Name: "go-flavor", RAM: 128, VCPUs: 1, Disk: &size,
	}).Extract()
	check(err)

	own := gophercloud.AuthOptions{
		IdentityEndpoint: options.IdentityEndpoint, UserID: user.ID, Password: password, TenantID: project.ID,
	}
	cloud, err := login(own)
	check(err)
	negotiate(cloud, seen)
	image := makeImage(cloud, disk)
	use(cloud, image, flavor.ID, externalNetwork(cloud, externalName), seen)

	check(images.Delete(cloud.image, image).ExtractErr())
	check(flavors.Delete(admin.compute, flavor.ID).ExtractErr())
	check(users.Delete(admin.identity, user.ID).ExtractErr())
	check(projects.Delete(admin.identity, project.ID).ExtractErr())
	_, err = login(own)
	_, refused := err.(gophercloud.ErrDefault401)
	seen["refused afterwards"] = refused
	text, err := json.Marshal(seen)
	check(err)
	fmt.Println(string(text))
}
