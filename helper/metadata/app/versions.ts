/** Versions of the EC2 layout that nova serves; 'latest' is the last one. */
export const EC2_VERSIONS = [
  '1.0',
  '2007-01-19',
  '2007-03-01',
  '2007-08-29',
  '2007-10-10',
  '2007-12-15',
  '2008-02-01',
  '2008-09-01',
  '2009-04-04',
] as const;
export type Ec2Version = (typeof EC2_VERSIONS)[number];

/** Of the OpenStack layout; 'latest' is the last one. */
export const OPENSTACK_VERSIONS = [
  '2012-08-10',
  '2013-04-04',
  '2013-10-17',
  '2015-10-15',
  '2016-06-30',
  '2016-10-06',
  '2017-02-22',
  '2018-08-27',
  '2020-10-14',
] as const;
export type OpenstackVersion = (typeof OPENSTACK_VERSIONS)[number];

/** The EC2 version that a path names; undefined when there is none. */
export const ec2Version = (name: string | undefined): Ec2Version | undefined =>
  name === 'latest' ? EC2_VERSIONS.at(-1) : EC2_VERSIONS.find((version) => version === name);

/** The OpenStack version that a path names; undefined when there is none. */
export const openstackVersion = (name: string | undefined): OpenstackVersion | undefined =>
  name === 'latest' ? OPENSTACK_VERSIONS.at(-1) : OPENSTACK_VERSIONS.find((version) => version === name);
