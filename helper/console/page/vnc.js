import RFB from '/console/novnc/core/rfb.js';

const byId = (id) => document.getElementById(id);
const status = (text) => {
  byId('status').textContent = text;
};

// The page's address carries `path`, as noVNC's own pages have it: where the WebSocket is, with its token.
const path = new URLSearchParams(location.search).get('path') ?? '';
const address = new URL(path, `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/`);

if (address.host !== location.host) {
  status('This console address leads elsewhere; ask for a new one.');
} else {
  const rfb = new RFB(byId('screen'), address.href);
  rfb.scaleViewport = true;
  rfb.addEventListener('connect', () => {
    status('Connected');
    byId('ctrl-alt-del').disabled = false;
    rfb.focus();
  });
  rfb.addEventListener('disconnect', ({ detail }) => {
    byId('ctrl-alt-del').disabled = true;
    status(
      detail.clean
        ? 'The console has ended.'
        : 'Disconnected. A console address works once; ask for a new one to connect again.',
    );
  });
  byId('ctrl-alt-del').addEventListener('click', () => {
    rfb.sendCtrlAltDel();
    rfb.focus();
  });
}
byId('full-screen').addEventListener('click', () => void byId('screen').requestFullscreen());
