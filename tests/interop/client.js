// Node's tls as a client of the interop tests: one wish as JSON on standard input, what came of each of its connections as
// JSON on standard output. The names are peer.go's.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const tls = require('tls');

const TIMEOUT_MS = 20_000;

function options(wish, session) {
  const [host, port] = wish.Address.split(':');
  const made = {
    host, port, session, servername: wish.Name, ca: fs.readFileSync(wish.CA),
    minVersion: `TLSv${wish.Versions[0]}`, maxVersion: `TLSv${wish.Versions[1]}`,
  };
  if (wish.Versions[1] === '1.1') made.ciphers = 'DEFAULT@SECLEVEL=0';
  if (wish.Groups.length !== 0) made.ecdhCurve = wish.Groups.map((name) => (name === 'x25519' ? 'X25519' : name)).join(':');
  if (wish.Alpn.length !== 0) made.ALPNProtocols = wish.Alpn;
  if (wish.Cert !== '') Object.assign(made, { cert: fs.readFileSync(wish.Cert), key: fs.readFileSync(wish.Key) });
  return made;
}

// Resolves to what came of it and the newest session.
function fetch(wish, session) {
  return new Promise((resolve) => {
    const outcome = { version: '', suite: '', alpn: '', resumed: false, digest: '', error: '' };
    const pieces = [];
    let newest = session;
    const socket = tls.connect(options(wish, session));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timed out')));
    socket.on('session', (ticket) => { newest = ticket; });
    socket.on('secureConnect', () => {
      outcome.version = socket.getProtocol().replace('TLSv', '');
      outcome.suite = socket.getCipher().standardName;
      outcome.alpn = socket.alpnProtocol || '';
      outcome.resumed = socket.isSessionReused();
      socket.write(`GET ${wish.Path} HTTP/1.1\r\nHost: ${wish.Name}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', (error) => { outcome.error = error.message; });
    socket.on('close', () => {
      const answer = Buffer.concat(pieces);
      const head = answer.indexOf('\r\n\r\n');
      outcome.digest = crypto.createHash('sha256').update(answer.subarray(head + 4)).digest('hex');
      resolve([outcome, newest]);
    });
  });
}

async function main() {
  const wish = JSON.parse(fs.readFileSync(0, 'utf8'));
  const outcomes = [];
  let session;
  for (let i = 0; i < wish.Times; ++i) {
    const [outcome, newest] = await fetch(wish, session);
    outcomes.push(outcome);
    session = newest;
  }
  process.stdout.write(JSON.stringify(outcomes));
}

main();
