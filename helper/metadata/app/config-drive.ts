import { ec2MetaData } from './ec2.ts';
import { userDataOf, type Facts } from './facts.ts';
import { driveDocuments } from './openstack.ts';
import { EC2_VERSIONS, OPENSTACK_VERSIONS } from './versions.ts';

/**
 * The files of a server's config drive by their paths, in both layouts; of EC2's versions only the last one, as nova's
 * default has it. The user's own file names are in meta_data.json only: on the drive they are numbers (S38).
 */
export function configDriveFiles(facts: Facts): Readonly<Record<string, string | Buffer>> {
  const { server } = facts;
  const files: Record<string, string | Buffer> = {};
  const userData = userDataOf(server);
  const ec2 = EC2_VERSIONS.at(-1) ?? '2009-04-04';
  for (const directory of [ec2, 'latest']) {
    if (userData !== undefined) files[`ec2/${directory}/user-data`] = userData;
    files[`ec2/${directory}/meta-data.json`] = JSON.stringify(ec2MetaData(facts, ec2));
  }
  const injected = server.files.map(({ path, contents }, index) => ({
    path,
    contents: Buffer.from(contents, 'base64'),
    content_path: `/content/${String(index).padStart(4, '0')}`,
  }));
  const drive = {
    files: injected.map(({ path, content_path }) => ({ path, content_path })),
    ...(server.adminPassword === null ? {} : { adminPassword: server.adminPassword.reveal() }),
  };
  const latest = OPENSTACK_VERSIONS.at(-1) ?? '2020-10-14';
  for (const [directory, version] of [
    ...OPENSTACK_VERSIONS.map((version) => [version, version] as const),
    ['latest', latest] as const,
  ])
    for (const { name, body } of driveDocuments(facts, version, drive))
      files[`openstack/${directory}/${name}`] = body;
  for (const { content_path, contents } of injected) files[`openstack${content_path}`] = contents;
  return files;
}
