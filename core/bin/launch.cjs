'use strict'
// Starts a program under Node 24 or newer, whatever Node runs this file, and is the same program to whoever watches it:
// the arguments, standard streams, signals and exit code pass through.
//
//   node core/bin/launch.cjs PROGRAM [ARGUMENT ...]
//
// The ledger needs Node 24 (types stripped at load, better-sqlite3 13). On Linux and Windows it comes with `npm ci` as an
// optional dependency of the platform; elsewhere the system's own Node must be new enough. CommonJS without any dependency, so
// that an old Node still reaches the sentence that says what is missing.
const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { delimiter, dirname, join } = require('node:path')

const REQUIRED_MAJOR = 24

function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= REQUIRED_MAJOR) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const binary = process.platform === 'win32' ? 'node.exe' : 'node'
  const bundled = join(__dirname, '../../node_modules', `node-${platform}-${process.arch}`, 'bin', binary)
  return existsSync(bundled) ? bundled : undefined
}

const node = findNode()
if (node === undefined) {
  process.stderr.write(
    `NIM Ledger needs Node ${REQUIRED_MAJOR} or newer; this is Node ${process.versions.node} on ${process.platform} ` +
      `${process.arch}. ` +
      'Run `npm ci` to get the one that comes with it, or install it from https://nodejs.org and try again.\n',
  )
  process.exit(4)
}

const env = {
  // Stripped types and compiled code are kept from one start to the next; a folder that cannot be written is done without.
  NODE_COMPILE_CACHE: join(__dirname, '../../node_modules/.cache/node-compile'),
  ...process.env,
  PATH: dirname(node) + delimiter + (process.env.PATH || ''),
}
const child = spawn(node, process.argv.slice(2), { stdio: 'inherit', env })
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
for (const signal of signals) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`${node} could not be started: ${error.message}\n`)
  process.exit(4)
})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code)
  for (const name of signals) process.removeAllListeners(name)
  process.kill(process.pid, signal)
})
