import type { HubState } from '../../core/api/views.ts'
import { formatBytes, formatCount } from '../format.ts'
import { refusals } from './refusals.ts'
import { plural } from './words.ts'

const percent = (share = 0) => `${(share * 100).toFixed(1)} %`
const hours = (seconds = 0) => plural(Math.floor(seconds / 3_600), 'hour')

/** What fires: what is wrong, by its figure, and what to do. */
const alerts: Readonly<Record<string, { readonly title: (value?: number) => string; readonly advice: string }>> = {
  NimledgerTakesNothing: {
    title: () => 'No transactions are taken',
    advice: [
      'A write failed; reading goes on, and senders keep what they have.',
      'A full disk: make room, and it goes on by itself. Anything else: nimledger doctor.',
    ].join(' '),
  },
  NimledgerDiskLow: {
    title: (value = 0) => `Only ${formatBytes(value)} are free where the ledger is`,
    advice: 'Make room, or take a larger disk: when it is full, the ledger stops, safely. Backups belong elsewhere.',
  },
  NimledgerDiskFillsUp: {
    title: (value = 0) => `The disk is full within a week at this pace: ${formatBytes(value)} are free`,
    advice: 'Plan for more disk. Backups belong elsewhere; nimledger bench bytes tells how much an entry takes.',
  },
  NimledgerNotesFail: {
    title: (value = 0) => `${plural(value, 'transaction')} of the last ten minutes got no outcome`,
    advice: 'Nothing is lost: senders send them again. The table of refusals says why: “busy” means that too many wait.',
  },
  NimledgerSlow: {
    title: (value) => `${percent(value)} of transactions wait for more than a second`,
    advice:
      'Mostly it is the disk: look at its latency (iostat -x) and at other programs on it; nimledger bench raw measures it.',
  },
  NimledgerQueueGrows: {
    title: (value = 0) => `At least ${plural(value, 'transaction')} have waited for five minutes`,
    advice: 'More comes in than one writer takes. Lower notesPerSecond; meters should send batches.',
  },
  NimledgerScheduleLate: {
    title: (value) => `Renewals and closings have not run for ${hours(value)}`,
    advice: 'The books are right all the same, and the next run catches up. The hub’s log says why it failed.',
  },
  NimledgerErrors: {
    title: (value) => `${percent(value)} of requests fail`,
    advice: 'The hub’s log names them; with logLevel debug, which SIGHUP turns on, each request.',
  },
  NimledgerTurnsAway: {
    title: (value = 0) => `${value.toFixed(1)} requests a second are turned away: callers go beyond their limits`,
    advice: 'If they are wanted, raise the limits. If all seem to be one address, the setting proxies is missing.',
  },
  NimledgerReloadFailed: {
    title: () => 'The settings could not be read again; the old ones are in force',
    advice: 'The hub’s log names the setting. Mend it, then systemctl reload nimledger-hub.',
  },
  NimledgerFilesLow: {
    title: (value) => `${percent(value)} of the files that may be open are`,
    advice: 'Raise LimitNOFILE in the service, or lower connections in the settings.',
  },
  NimledgerUnwitnessed: {
    title: (value = 0) => `${plural(value, 'entry', 'entries')} lack cosignatures for ten minutes`,
    advice: 'Too few witnesses answer. The table of witnesses says which do not: ask their operators.',
  },
  NimledgerWitnessRefuses: {
    title: () => 'A witness refuses the log',
    advice: 'It has seen another history, or does not know the key. Look at it before anything else: the table says which one.',
  },
}

const leads: Readonly<Record<HubState['where'], string>> = {
  here: 'This console writes to the ledger by itself, for this machine alone.',
  beside: 'Another program on this machine writes to the ledger. What is signed here goes through it.',
  afar: 'A hub that this mirror follows.',
}

const TURNED_AWAY: Readonly<Record<string, string>> = {
  connection: 'too many connections',
  host: 'called by another name',
  origin: 'from pages of other sites',
  rate: 'too often',
  body: 'too large, or no call',
}

const FAILURES: Readonly<Record<string, string>> = {
  busy: 'Too many were waiting, or the ledger was being opened again. Senders try again.',
  disk_full: 'The disk was full.',
  offline: 'The disk or the program was not there.',
  damaged: 'What is stored is not what it must be.',
  defect: 'A fault of the program; its log tells more.',
}

export const hub = {
  hub: {
    title: 'Hub',
    leads,
    served: (address: string) => `A hub on this machine serves the ledger at ${address}. What is signed here goes through it.`,
    followed: (url: string) => `The hub at ${url}, which this mirror follows, as it tells its operator.`,
    alerts,
    otherAlert: (name: string) => `${name} fires`,
    otherAdvice: 'This console does not know the alert: the hub is newer. Its documentation says what to do.',
    since: 'since',
    stopped: 'No transactions are taken now',
    untold: 'How it is doing is not known',
    pace: 'Sequenced per second',
    paceNote: (lastHour: number) => `${plural(lastHour, 'entry', 'entries')} in the last hour`,
    queue: 'Waiting',
    queueNote: (most: number) => `of ${formatCount(most)} that may wait`,
    taken: 'Taken since it started',
    refusedNote: (refused: number) => `${formatCount(refused)} refused`,
    followers: 'Listening',
    allUp: 'nobody is behind',
    furthest: (count: number) => `the last is ${plural(count, 'entry', 'entries')} behind`,
    nobody: 'nobody listens now',
    free: 'Free on the disk',
    room: (entries: number) => `room for some ${formatCount(entries)} entries`,
    chart: 'Entries over time',
    spans: { seconds: 'Last minute', minutes: 'Last hour' },
    chartOf: {
      seconds: (sum: number, most: number) =>
        `In the last minute ${plural(sum, 'entry', 'entries')}, at most ${formatCount(most)} in a second`,
      minutes: (sum: number, most: number) =>
        `In the last hour ${plural(sum, 'entry', 'entries')}, at most ${formatCount(most)} in a minute`,
    },
    ago: { seconds: (count: number) => `${count} s ago`, minutes: (count: number) => `${count} min ago` },
    entries: (count: number) => plural(count, 'entry', 'entries'),
    entriesName: 'Entries',
    refusals: {
      title: 'Refusals by code',
      aside: 'since it started',
      columns: { code: 'Code', what: 'What it means', count: 'Times' },
      none: 'Nothing was refused',
      noneText: 'Every transaction since the program started was accepted.',
      failed: 'no outcome',
      meanings: refusals,
      failures: FAILURES,
      unknown: 'This console does not know the code: the hub is newer.',
    },
    readers: {
      title: 'Who follows',
      aside: 'of the last hour',
      columns: { who: 'Who', how: 'How', read: 'Has read', behind: 'Behind', seen: 'Last seen' },
      listens: 'listens',
      asks: 'asks',
      unknown: 'not known yet',
      unknownHint: 'It has read no entries since the hub was started: it may have all of them already.',
      upToDate: 'up to date',
      none: 'Nobody has asked for the log yet',
      noneText: 'A mirror on another machine is the better backup, and notices if the log is ever shown differently:',
    },
    witnesses: {
      title: 'Witnesses',
      columns: { name: 'Witness', size: 'Cosigned', behind: 'Behind', time: 'Last', state: 'State' },
      well: 'answers',
      waiting: 'not asked yet',
      fails: 'fails',
      none: 'No witnesses are asked',
      noneText: 'Witnesses sign that they saw the same log as everybody else. Name them in a policy: hub --witness-policy FILE.',
      quorum: (cosigned: number) => `a quorum has cosigned ${plural(cosigned, 'entry', 'entries')}`,
    },
    storage: {
      title: 'Storage',
      book: 'Book',
      writeAhead: 'Write-ahead log',
      index: 'Index',
      guard: 'Guard',
      noIndex: 'none needed yet',
      disk: 'Disk in use',
      freeOf: (free: string, disk: string) => `${free} of the disk’s ${disk} are free`,
    },
    program: {
      title: 'Program',
      version: 'Version',
      started: 'Running since',
      listening: 'Listens at',
      access: 'Log',
      policies: { public: 'public: anyone reads it', private: 'private: for accounts and read tokens' },
      connections: 'Connections',
      connectionsOf: (connections: number, streams: number) =>
        `${formatCount(connections)}, of which ${plural(streams, 'stream')} of events`,
      requests: 'Requests',
      requestsOf: (answered: number, failed: number) => `${formatCount(answered)} answered, ${formatCount(failed)} failed`,
      turnedAway: 'Turned away',
      turnedAwayFor: (why: string, count: number) => `${formatCount(count)} ${TURNED_AWAY[why] ?? why}`,
      nobodyTurnedAway: 'nobody',
      scheduler: 'Scheduler',
      ran: 'last ran',
      off: (why: string) => `off: ${why}`,
      did: (renewed: number, closed: number) => `${formatCount(renewed)} renewed, ${plural(closed, 'closing')}`,
      failures: (count: number) => `${plural(count, 'run')} failed`,
      lastEntry: 'Last entry',
    },
    start: {
      title: 'Let others take part',
      text: [
        'A hub serves this ledger to accounts, mirrors and auditors elsewhere, renews and closes by itself, and asks witnesses.',
        'Lock this console, start the hub, then unlock the console: it works through the hub from then on.',
      ].join(' '),
      command: 'To start it',
    },
    signIn: {
      title: 'The hub tells this to its operator alone',
      text: [
        'Your key is on this machine. Signing in shows the hub that you have it; nothing is paid or changed by it,',
        'and it is good until this console is locked.',
      ].join(' '),
      button: 'Sign in as the operator',
      other: 'Look at it where the operator’s key is, or on the hub’s own machine.',
    },
  },
}
