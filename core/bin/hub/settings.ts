/**
 * What the hub is told: by flags, else by the environment, else by a file, else by default. Every setting has one name:
 *
 *     --log-level debug          NIMLEDGER_HUB_LOG_LEVEL=debug          {"logLevel":"debug"} in the file that --config names
 *
 * What is wrong is told under the name that it was given by. Lists are separated by commas in flags and environment.
 */

import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import { z } from 'zod'
import { firstIssue } from '../../domain/fields.ts'
import { quoted } from '../../domain/text.ts'
import { ACCESS_POLICIES } from '../../net/access.ts'
import type { Address } from '../../net/address.ts'
import { isNetwork } from '../../net/client-address.ts'
import { DEFAULT_LIMITS, type GateSettings } from '../../net/gate.ts'
import { parseAddress } from '../commands/options.ts'
import { Failure } from '../failure.ts'

/** A setting: its form, how a flag or the environment gives it, and its description. */
interface Setting<Form extends z.ZodType = z.ZodType> {
  readonly form: Form
  readonly read: (text: string) => unknown
  readonly about: string
  readonly placeholder: string
  /** Whether it takes effect only when the hub is started, and not when it reads its settings again. */
  readonly isFixed?: true
}

const asText = (text: string): unknown => text
/** What is not a number stays a text, which no form of a number accepts. */
const asNumber = (text: string): unknown => (/^\d{1,9}$/.test(text) ? Number(text) : text)
const asList = (text: string): unknown => (text === '' ? [] : text.split(',').map((item) => item.trim()))
const asSwitch = (text: string): unknown => ({ on: true, off: false })[text] ?? text

function setting<Form extends z.ZodType>(form: Form, rest: Omit<Setting<Form>, 'form'>): Setting<Form> {
  return { form, ...rest }
}

const address = z.string().refine((text) => isAddress(text), 'must be an address such as 127.0.0.1:4747')
const PATH_CHARACTERS = 4_096
const MAX_NAMES = 100
const MAX_BOUND = 1_000_000
const name = z.string().regex(/^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,9}$/i, 'must be a name such as hub.example, without a port')
const network = z.string().refine(isNetwork, 'must be an address or a network, such as 127.0.0.1 or 10.0.0.0/8')
const bound = (preset: number) => z.int().min(0).max(MAX_BOUND).default(preset)
const path = z.string().min(1).max(PATH_CHARACTERS)

const SETTINGS = {
  listen: setting(address.default('127.0.0.1:4747'), {
    read: asText,
    placeholder: 'address',
    isFixed: true,
    about: 'where to listen; anything but this machine itself belongs behind TLS',
  }),
  access: setting(z.enum(ACCESS_POLICIES).default('public'), {
    read: asText,
    placeholder: 'policy',
    about: 'public: anyone reads the log; private: accounts see their own entries, read tokens open the rest',
  }),
  names: setting(z.array(name).max(MAX_NAMES).default([]), {
    read: asList,
    placeholder: 'names',
    isFixed: true,
    about: 'the names of hosts that it answers to, through a proxy for instance, such as hub.example',
  }),
  proxies: setting(z.array(network).max(MAX_NAMES).default([]), {
    read: asList,
    placeholder: 'addresses',
    isFixed: true,
    about: 'addresses or networks of proxies, whose X-Forwarded-For is believed, such as 127.0.0.1',
  }),
  requestsPerSecond: setting(bound(DEFAULT_LIMITS.requestsPerSecond), {
    read: asNumber,
    placeholder: 'count',
    isFixed: true,
    about: 'most requests of one address, counted over ten seconds; 0: no bound',
  }),
  notesPerSecond: setting(bound(DEFAULT_LIMITS.notesPerSecond), {
    read: asNumber,
    placeholder: 'count',
    isFixed: true,
    about: 'most notes of one address, counted over ten seconds; 0: no bound',
  }),
  connectionsPerAddress: setting(bound(DEFAULT_LIMITS.connectionsPerAddress), {
    read: asNumber,
    placeholder: 'count',
    isFixed: true,
    about: 'most connections of one address; 0: no bound',
  }),
  connections: setting(bound(DEFAULT_LIMITS.connections), {
    read: asNumber,
    placeholder: 'count',
    isFixed: true,
    about: 'most connections of all; 0: no bound',
  }),
  schedule: setting(z.boolean().default(true), {
    read: asSwitch,
    placeholder: 'on|off',
    isFixed: true,
    about: "renews and closes the books when it is time, with the operator's key",
  }),
  witnessPolicy: setting(path.optional(), {
    read: asText,
    placeholder: 'file',
    isFixed: true,
    about: 'who cosigns checkpoints, where, and how many have to: a file as c2sp.org/tlog-policy has it',
  }),
  witnessTimeoutMs: setting(z.int().min(100).max(60_000).default(5_000), {
    read: asNumber,
    placeholder: 'milliseconds',
    isFixed: true,
    about: 'how long a witness has for its answer',
  }),
  unwitnessed: setting(z.enum(['serve', 'hold']).default('serve'), {
    read: asText,
    placeholder: 'serve|hold',
    isFixed: true,
    about: 'a checkpoint without enough cosignatures is served when their time is over, or held back until it has them',
  }),
  logLevel: setting(z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), {
    read: asText,
    placeholder: 'level',
    about: 'the least that is logged: debug (every request), info, warn, error, silent',
  }),
  logFile: setting(path.optional(), {
    read: asText,
    placeholder: 'file',
    isFixed: true,
    about: 'where the log goes instead of the error stream; opened anew on SIGHUP',
  }),
} as const satisfies Record<string, Setting>

export type Settings = { readonly [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]['form']> }

/** The texts that the flags gave, by the names of the settings. */
export type SettingFlags = { readonly [Name in keyof Settings]?: string }

const NAMES = Object.keys(SETTINGS) as (keyof Settings)[]
const PREFIX = 'NIMLEDGER_HUB_'
const MAX_FILE_BYTES = 1024 * 1024

const form = z.strictObject(Object.fromEntries(NAMES.map((name) => [name, SETTINGS[name].form])))

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function variableOf(name: string): string {
  return PREFIX + name.replace(/[A-Z]/g, '_$&').toUpperCase()
}

export function settingOptions(): Option[] {
  const shown = form.parse({}) as Settings
  return NAMES.map((name) => {
    const { about, placeholder } = SETTINGS[name]
    const value = shown[name]
    const preset = value === undefined ? '' : ` (default: ${wordOf(value)})`
    return new Option(`${flagOf(name)} <${placeholder}>`, about + preset)
  })
}

/** A setting as a user would write it. */
function wordOf(value: NonNullable<Settings[keyof Settings]>): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return String(value) || 'none'
}

interface Sources {
  readonly flags: SettingFlags
  readonly env: NodeJS.ProcessEnv
  /** The file that --config names. */
  readonly file?: string | undefined
}

export function readSettings({ flags, env, file }: Sources): Settings {
  const byFile = file === undefined ? {} : readFile(file)
  check(byFile, (name) => `${file}: ${name}`)
  const byEnvironment = readTexts((name) => env[variableOf(name)])
  refuseUnknown(env)
  check(byEnvironment, variableOf)
  const byFlags = readTexts((name) => flags[name])
  check(byFlags, flagOf)
  return form.parse({ ...byFile, ...byEnvironment, ...byFlags }) as Settings
}

/** The settings whose change needs a restart. */
export function changedFixed(before: Settings, after: Settings): string[] {
  return NAMES.filter((name) => {
    const { isFixed }: Setting = SETTINGS[name]
    return isFixed === true && JSON.stringify(before[name]) !== JSON.stringify(after[name])
  })
}

/** What stands before every request. */
export function gateSettings({ names, proxies, ...limits }: Settings): GateSettings {
  return { names, proxies, limits }
}

export function listenAddress({ listen }: Settings): Address {
  return parseAddress(listen)
}

function isAddress(text: string): boolean {
  try {
    return parseAddress(text).port >= 0
  } catch {
    return false
  }
}

function readFile(file: string): Record<string, unknown> {
  const text = readFileSync(file, 'utf8')
  if (text.length > MAX_FILE_BYTES) throw new Failure('usage', `${file} has more than ${MAX_FILE_BYTES} bytes.`)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (error) {
    throw new Failure('usage', `${file} is not JSON: ${(error as Error).message}.`)
  }
  throw new Failure('usage', `${file} must hold a JSON object, such as {"listen":"127.0.0.1:4747"}.`)
}

function readTexts(textOf: (name: keyof Settings) => string | undefined): Record<string, unknown> {
  const given = NAMES.map((name) => [name, textOf(name)] as const).filter(
    (pair): pair is [keyof Settings, string] => pair[1] !== undefined,
  )
  return Object.fromEntries(given.map(([name, text]) => [name, SETTINGS[name].read(text)]))
}

/** A misspelt variable would be a setting that somebody relies on in vain. */
function refuseUnknown(env: NodeJS.ProcessEnv): void {
  const known = NAMES.map(variableOf)
  const unknown = Object.keys(env).find((name) => name.startsWith(PREFIX) && !known.includes(name))
  if (unknown !== undefined) throw new Failure('usage', `${unknown} is no setting of the hub; there are ${known.join(', ')}.`)
}

/** Checks what one source says, so that a fault is reported under the name that it has there. */
function check(given: Record<string, unknown>, called: (name: string) => string): void {
  for (const [name, value] of Object.entries(given)) {
    const setting: Setting | undefined = Object.hasOwn(SETTINGS, name) ? SETTINGS[name as keyof Settings] : undefined
    if (setting === undefined)
      throw new Failure('usage', `${called(quoted(name))} is no setting of the hub; there are ${NAMES.join(', ')}.`)
    const { error } = setting.form.safeParse(value)
    if (error !== undefined) throw new Failure('usage', `${firstIssue(error, called(name))}.`)
  }
}
