/** The frame around the pages. */
export const app = {
  sections: {
    home: 'Start',
    compute: 'Compute',
    network: 'Network',
    storage: 'Storage',
    identity: 'Identity',
    system: 'System',
  },
  mainNavigation: 'Main navigation',
  skipToContent: 'Skip to content',
  project: 'Project',
  chooseProject: 'Choose project',
  theme: 'Appearance',
  themes: { system: 'As the desktop', light: 'Light', dark: 'Dark' },
  language: 'Language',
  palette: 'Commands',
  paletteHint: 'Go to a page, a server, or do something',
  paletteEmpty: 'Nothing matches.',
  goTo: (page: string) => `Go to ${page}`,
  shortcuts: 'Keyboard shortcuts',
  notifications: 'Notifications',
  notices: {
    ask: 'Tell you on the desktop when work is done or has failed while you look elsewhere?',
    yes: 'Yes, tell me',
    on: 'Turn desktop notifications on',
    off: 'Turn desktop notifications off',
    refused:
      'This browser was told not to show notifications of this page; its own settings for the page change that.',
    outcome: { finished: 'Done', failed: 'Failed', stuck: 'Needs your help' },
  },
  collapse: 'Narrow navigation',
  expand: 'Wide navigation',
  simulated: 'Simulated host',
  simulatedText: 'No guest and no device is made: servers are records only.',
  helper: {
    unknown: 'Looking for the cloud',
    starting: 'The cloud is starting',
    stopped: 'The cloud does not run',
    failed: 'The cloud could not start',
    died: 'The cloud has ended by itself',
    running: 'The cloud runs',
  },
  start: 'Start the cloud',
  restarted: (time: string) =>
    `The cloud's helper ended by itself and was started again at ${time}. Servers and their network went on running.`,
  needsPassword: 'Starting it asks for your password.',
  quit: {
    command: 'Quit Deskcloud',
    title: 'Quit Deskcloud?',
    goesOn: (servers: number) =>
      servers === 0
        ? 'The cloud can go on running without this window: its APIs answer as before.'
        : `The cloud can go on running without this window: ${servers === 1 ? 'its server runs' : `its ${servers} servers run`} on, with their network and the APIs.`,
    shutDownText:
      'Shut down, servers that run are powered off in good order; nothing is lost, and the next start brings them back.',
    letRun: 'Quit, let the cloud run',
    shutDown: 'Shut the cloud down and quit',
  },
  showLog: 'Show its log',
  connecting: 'Connecting to Deskcloud',
  refused: 'Deskcloud has ended. Start it again; this page can be closed.',
};
