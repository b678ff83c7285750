import type { EvidenceView, LinkState, OutboxItem } from '../../core/api/views.ts'
import { formatCount } from '../format.ts'
import { plural } from './words.ts'

const links: Readonly<Record<LinkState['status'], string>> = {
  connecting: 'Connecting',
  following: 'Connected',
  offline: 'Offline',
  elsewhere: 'Followed elsewhere',
  stopped: 'Stopped',
}

/** Beside the size of the log, in the head of every page. */
const brief: Readonly<Record<LinkState['status'], string>> = {
  connecting: 'connecting',
  following: 'live',
  offline: 'hub offline',
  elsewhere: 'live',
  stopped: 'stopped',
}

const linkTexts: Readonly<Record<LinkState['status'], string>> = {
  connecting: 'The hub is being asked.',
  following: 'New entries come as the hub publishes them.',
  offline: 'It is tried again by itself. What you sign meanwhile is kept here.',
  elsewhere: 'Another program follows the hub into this folder. What it brings is shown here, and what you sign it sends.',
  stopped: 'Nothing is taken from the hub and nothing is signed for it until you try again.',
}

const states: Readonly<Record<OutboxItem['state'], string>> = {
  queued: 'queued',
  sent: 'sent',
  accepted: 'accepted',
  refused: 'refused',
}

const kinds: Readonly<Record<EvidenceView['kind'], string>> = {
  fork: 'Two histories',
  rollback: 'It went back',
  withheld: 'Something was withheld',
  altered: 'Something was altered',
  invalid: 'A rule was broken',
  unreadable: 'A file that cannot be read',
}

export const sync = {
  token: {
    label: 'Read token',
    hint: 'The hub’s operator gives it to you; it opens the whole log for reading, and nothing else.',
    optionalHint: 'For a private hub alone: its operator gives it to you.',
    show: 'Show the token',
    another: 'Another token',
    use: 'Go on with this token',
  },

  sync: {
    title: 'Sync',
    lead: (origin: string) => `A verified copy of ${origin}. Nothing of it is believed, and what you sign goes to its hub.`,
    now: 'Ask the hub now',
    links,
    brief,
    linkTexts,
    connection: 'Connection',
    here: 'Verified here',
    upToDate: 'all that the hub has shown',
    behind: (count: number) => `${formatCount(count)} behind the hub`,
    waiting: 'On their way',
    answered: (accepted: number, refused: number) => `${formatCount(accepted)} accepted, ${formatCount(refused)} refused so far`,
    caught: 'Misbehaviour',
    none: 'none',
    noneNote: 'every answer was checked',
    found: (count: number) => plural(count, 'time'),
    foundNote: 'the evidence is kept below',
    hub: 'Hub',
    origin: 'Log',
    entries: 'Entries',
    key: 'Key of the log',
    fingerprint: 'Fingerprint',
    heard: 'last heard',
    never: 'not since the console was opened',
    taking: 'Entries verified and taken',
    of: (done: number, total: number) => `${formatCount(done)} of ${formatCount(total)} new entries`,
    failed: 'The hub’s log cannot be read now',
    stopped: 'The mirror stopped',
    undelivered: 'Notes are still on their way',
    outbox: {
      title: 'Outbox',
      aside: 'kept here before it is sent, and until it is answered',
      waiting: 'On their way, the first to go first',
      answered: 'Answered, the newest first',
      states,
      columns: { state: 'State', what: 'Transaction', time: 'Signed', result: 'Result', actions: 'Actions' },
      entry: 'entry',
      coming: (index: number) => `entry ${formatCount(index)}, not here yet`,
      hints: { queued: 'kept, never sent', sent: 'sent, not answered' },
      receipt: 'Receipt',
      refusal: 'Signed refusal',
      receiptHint: 'A proof that the log has it, checked offline with nimledger check',
      refusalHint: 'The hub’s signed word that it refused, checked with nimledger check',
      forget: 'Forget',
      withdraw: 'Withdraw',
      empty: 'Nothing was sent from here yet',
      emptyText:
        'What you sign is kept here first, then sent, and stays until the hub has answered: with a receipt, or with a reason.',
      emptyAccount: 'Begin with an account: its key is made on this machine, and the hub enters it.',
      shop: 'See the marketplace',
      account: 'Open an account',
    },
    evidence: {
      title: 'Evidence',
      alert: 'This hub contradicted itself, or its own rules',
      alertText: 'Keep these files and show them to others who rely on the log. What was verified here stays as it was.',
      kinds,
      proof: 'proof for anybody',
      word: 'this mirror’s word',
      proofHint: 'The signatures in the file show it by themselves: whoever has the log’s key can check it.',
      wordHint: 'The signatures hold for anybody; that it was served, or served later, is what this mirror says.',
      trees: (held: number, shown: number) =>
        held === shown
          ? `two trees of ${plural(shown, 'entry', 'entries')}`
          : `trees of ${formatCount(held)} and of ${plural(shown, 'entry', 'entries')}`,
      save: 'Save the evidence',
    },
    own: {
      lead: 'This folder has the ledger itself: there is no hub to follow, and nothing waits to be sent.',
      title: 'Let others follow it',
      text: [
        'Serve it with nimledger hub, tell people its address and this key, and the fingerprint by another way.',
        'They join in the console’s first run, or with nimledger sync, and verify every entry themselves.',
      ].join(' '),
      command: 'To serve it',
    },
    signed: {
      kept: (what: string) => `${what}: kept, and on its way`,
      see: 'See it in the outbox',
      offline: 'The hub cannot be reached now. What you sign is kept here and sent as soon as it can be.',
      waiting: (count: number) =>
        `${plural(count, 'transaction')} still on the way: these figures count ${count === 1 ? 'it' : 'them'} as taken.`,
    },
    accountKept: (name: string) => `The account of ${name} opens when the hub has entered it`,
  },
}
