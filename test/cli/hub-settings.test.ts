/** The hub's settings, wherever they come from. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { changedFixed, readSettings, settingOptions } from '../../core/bin/hub/settings.ts'
import { folder } from './run.ts'

function fileOf(text: string): string {
  const file = join(folder(), 'hub.json')
  writeFileSync(file, text)
  return file
}

const NONE = { flags: {}, env: {} }

describe('a setting', () => {
  it('is taken from a flag, else from the environment, else from the file, else it has a default', () => {
    const file = fileOf('{"logLevel":"silent","requestsPerSecond":1,"notesPerSecond":1}')
    const env = { NIMLEDGER_HUB_LOG_LEVEL: 'warn', NIMLEDGER_HUB_NOTES_PER_SECOND: '2', OTHER: 'x' }
    const read = readSettings({ flags: { logLevel: 'debug' }, env, file })
    expect(read).toMatchObject({ logLevel: 'debug', notesPerSecond: 2, requestsPerSecond: 1, access: 'public', schedule: true })
    expect(readSettings(NONE)).toMatchObject({ listen: '127.0.0.1:4747', logLevel: 'info' })
  })

  it('is a list with commas in flags and environment, and a list in the file', () => {
    expect(readSettings({ flags: { names: 'a.example, b.example' }, env: {} }).names).toEqual(['a.example', 'b.example'])
    expect(readSettings({ ...NONE, file: fileOf('{"names":["a.example"]}') }).names).toEqual(['a.example'])
  })

  it.each([
    [{ listen: '4747' }, {}, '--listen must be an address such as 127.0.0.1:4747.'],
    [{ listen: '127.0.0.1:65536' }, {}, '--listen must be an address such as 127.0.0.1:4747.'],
    [{ listen: 'http://127.0.0.1:1' }, {}, '--listen must be an address such as 127.0.0.1:4747.'],
    [{ access: 'open' }, {}, '--access must be one of "public", "private".'],
    [{ logFile: '' }, {}, '--log-file is not valid'],
    [{}, { NIMLEDGER_HUB_ACCESS: 'open' }, 'NIMLEDGER_HUB_ACCESS must be one of "public", "private".'],
    [{}, { NIMLEDGER_HUB_SCHEDULE: 'yes' }, 'NIMLEDGER_HUB_SCHEDULE must be of type boolean.'],
    [{}, { NIMLEDGER_HUB_NOTES_PER_SECOND: '-1' }, 'NIMLEDGER_HUB_NOTES_PER_SECOND must be of type number.'],
    [{}, { NIMLEDGER_HUB_NOTES_PER_SECOND: '9999999' }, 'NIMLEDGER_HUB_NOTES_PER_SECOND is not valid'],
    [
      {},
      { NIMLEDGER_HUB_LOG_LEVLE: 'debug' },
      'NIMLEDGER_HUB_LOG_LEVLE is no setting of the hub; there are NIMLEDGER_HUB_LISTEN,',
    ],
  ])('%j %j: what is wrong is told under the name that it was given by', (flags, env, message) => {
    expect(() => readSettings({ flags, env: env as NodeJS.ProcessEnv })).toThrow(message)
  })

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'must hold a JSON object'],
    ['null', 'must hold a JSON object'],
    ['{"listne":"127.0.0.1:1"}', ': "listne" is no setting of the hub'],
    ['{"__proto__":{"access":"private"}}', ': "__proto__" is no setting of the hub'],
    ['{"listen":4747}', ': listen must be of type string.'],
    ['{"requestsPerSecond":"10"}', ': requestsPerSecond must be of type number.'],
    ['{"names":["hub.example:443"]}', ': names.0 must be a name such as hub.example, without a port.'],
  ])('a file that says %s is refused under its name', (text, message) => {
    const file = fileOf(text)
    expect(() => readSettings({ ...NONE, file })).toThrow(file)
    expect(() => readSettings({ ...NONE, file })).toThrow(message)
  })

  it('has a flag, with its default told', () => {
    const flags = settingOptions().map(({ flags: shown, description }) => `${shown} ${description}`)
    expect(flags).toContainEqual(expect.stringMatching(/^--listen <address> .* \(default: 127\.0\.0\.1:4747\)$/))
    expect(flags).toContainEqual(expect.stringMatching(/^--schedule <on\|off> .* \(default: on\)$/))
  })

  it('that is read when the hub starts is told where it has changed since', () => {
    const before = readSettings(NONE)
    const after = readSettings({ flags: { listen: '127.0.0.1:1', logLevel: 'debug', names: 'a.example' }, env: {} })
    expect(changedFixed(before, after).sort()).toEqual(['listen', 'names'])
    expect(changedFixed(before, before)).toEqual([])
  })
})
