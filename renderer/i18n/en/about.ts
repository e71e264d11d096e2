export const about = {
  title: 'About',
  text: 'An OpenStack cloud in one process on this machine.',
  version: 'Deskcloud',
  helper: 'The cloud’s process',
  pid: 'Process',
  emulator: 'Emulator',
  front: 'This window',
  fronts: { electron: 'Electron', window: 'Chromium window', browser: 'Browser' },
  data: 'Data',
  log: 'Log',
  showLog: 'Show the log',
  license: 'Licence',
  licenseText: 'Deskcloud is free software under the Apache License 2.0. What it is made of:',
  diagnostics: 'For a report of a fault',
  diagnosticsText:
    'A file with versions, the set-up check, settings, failed operations and the end of the log. Passwords and tokens are not in it; names and addresses of your cloud are.',
  makeDiagnostics: 'Save diagnostics',
  diagnosticsFailed: 'The diagnostics could not be gathered',
  help: 'Help',
  openstackDocs: 'OpenStack’s documentation',
  uninstall: 'Uninstall',
  uninstallText: 'Takes the cloud and everything in it off this machine.',
  uninstallAction: 'Uninstall …',
  uninstallTitle: 'Uninstall Deskcloud’s cloud?',
  word: 'uninstall',
  goes: 'What goes',
  goesServers: (count: number | undefined) =>
    count === undefined
      ? 'All servers, with everything on their disks.'
      : count === 0
        ? 'All servers: there are none.'
        : `All servers, ${count} of them, with everything on their disks.`,
  goesData: 'All images, networks, users and settings made in the cloud.',
  goesDevices: 'Its bridges, network namespaces and firewall rules on this machine.',
  goesDirectory: (path: string, size: string) => `${path}${size === '' ? '' : ` (${size})`}`,
  goesClouds: (path: string) => `The entries deskcloud and deskcloud-demo in ${path}; others stay.`,
  stays: 'What stays',
  staysPackages:
    'Packages that were installed for it, as libvirt and QEMU: remove them with apt if nothing else needs them.',
  staysProgram: 'This program itself: apt remove deskcloud, or delete the checkout.',
  removing: 'Uninstalling',
  removed: 'Nothing of the cloud is left on this machine. This window can be closed.',
  removeFailed: 'Not everything could be taken away',
};
