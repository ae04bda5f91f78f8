// Serves the site on this machine alone, with the headers that let a page use threads (COOP, COEP). `node web/serve.mjs DIR [PORT]`
import {createServer} from 'node:http';
import {readFile} from 'node:fs/promises';
import {extname, join, normalize} from 'node:path';

const [folder, port = '8000'] = process.argv.slice(2);
const types = {'.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm'};

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
  const file = join(folder, path.endsWith('/') ? path + 'index.html' : path);
  try {
    const body = await readFile(file);
    response.writeHead(200, {
      'Content-Type': types[extname(file)] ?? 'application/octet-stream',
      'Cache-Control': 'no-cache',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    response.end(body);
  } catch {
    response.writeHead(404, {'Content-Type': 'text/plain'});
    response.end('There is no such file.\n');
  }
});

server.on('error', error => {
  console.error(`serve: port ${port}: ${error.code === 'EADDRINUSE' ? 'is in use; give another' : error.message}`);
  process.exit(1);
});
server.listen(Number(port), '127.0.0.1', () => console.log(`http://localhost:${server.address().port}/`));
