import { formatCount } from '../format.ts'
import { plural } from './words.ts'

export const auditor = {
  log: {
    title: 'Log',
    lead: 'Every entry since the first, signed by whoever it binds. Nothing is ever changed or removed.',
    columns: { index: 'Entry', time: 'Time', type: 'Type', what: 'What happened', gross: 'Gross' },
    list: 'Entries, the newest first',
    byAccount: 'Account',
    byType: 'Type',
    anyAccount: 'All accounts',
    anyType: 'All types',
    jump: 'Go to entry',
    none: 'No entry fits',
    noneText: 'Clear the filters to see all of them.',
    clear: 'Clear the filters',
    shown: (shown: number) => plural(shown, 'entry', 'entries'),
    bounded: (shown: number) => `the newest ${formatCount(shown)}; older ones by their number`,
    entry: (index: number) => `Entry ${formatCount(index)}`,
    older: 'Older',
    newer: 'Newer',
    postings: 'Postings',
    noPostings: 'It moves no credits.',
    book: 'Book',
    amount: 'Amount',
    after: 'After',
    proof: 'Proof',
    raw: 'Signed note',
    rawHint: 'The text, an empty line, and the signatures over the text: ready for any C2SP note verifier.',
    signatures: 'Signatures',
    key: 'Key id',
    publicKey: 'Public key',
    signature: 'Signature',
    receipt: 'Download the receipt',
    receiptHint: 'The proof as .tlog-proof, and the entry’s bytes beside it, for any verifier.',
    signer: 'Signer',
    created: 'Made',
    id: 'Transaction id',
    time: 'Accepted',
    type: 'Type',
    lines: (charged: number, duplicates: number, refused: number) =>
      `${plural(charged, 'call')} charged · ${duplicates} duplicate · ${refused} refused`,
    metered: 'Metered calls',
  },

  proof: {
    running: 'Checking',
    verified: 'Verified in this page',
    verifiedText:
      'Your browser checked bytes, signatures and path itself. What the entry moved follows from the rules: Verify replays them.',
    failed: 'This does not verify',
    failedText: 'What was answered is not what the log’s key signed. Do not rely on it, and keep a copy of what you see.',
    steps: {
      verifier: 'The verifier of this page gives all known answers',
      answer: 'Time, type, signer and text above are those of the bytes',
      leaf: 'The leaf’s hash is computed of the entry’s bytes',
      checkpoint: 'The checkpoint is signed by the log’s key',
      path: (hashes: number) => `${plural(hashes, 'hash', 'hashes')} lead from the leaf to the signed root`,
      signatures: (count: number) => `${plural(count, 'signature')} over the note ${count === 1 ? 'verifies' : 'verify'}`,
    },
    leaf: 'Leaf',
    root: 'Root',
    range: (start: number, end: number) =>
      end === start + 1 ? `entry ${formatCount(start)}` : `entries ${formatCount(start)} – ${formatCount(end - 1)}`,
    logKey: 'Key of the log',
    treeSize: 'Tree size',
    hashes: 'The hashes, one by one',
    not: (fault: string) => `No: ${fault}.`,
  },

  receiptCheck: {
    title: 'Check a receipt',
    lead: 'Drop a .tlog-proof file here that somebody gave you. This page checks it against the key of the log.',
    choose: 'Choose a receipt',
    none: 'This is no receipt of an entry',
    balance: 'it proves a balance, which nimledger check reads',
  },

  verify: {
    title: 'Verify',
    lead: 'Replays the whole log by the same rules: every signature, every posting, every balance, and the tree.',
    start: 'Verify everything',
    again: 'Verify again',
    stop: 'Stop',
    ready: 'Nothing is trusted but the log’s key',
    readyText:
      'Every balance is derived again from the signed entries and compared with what is stored. A changed byte is named.',
    progress: 'Entries checked',
    of: (done: number, total: number) => `${formatCount(done)} of ${formatCount(total)} entries`,
    rate: (perSecond: number) => `${formatCount(perSecond)} entries a second`,
    left: (seconds: number) =>
      seconds < 60
        ? `about ${plural(Math.max(1, seconds), 'second')} left`
        : `about ${plural(Math.round(seconds / 60), 'minute')} left`,
    ok: 'The log is sound',
    okText: (entries: number, signatures: number, seconds: string) =>
      `${plural(entries, 'entry', 'entries')} and ${plural(signatures, 'signature')} checked in ${seconds} s. All agree.`,
    bad: 'The audit found a defect',
    badText: 'Stop relying on this ledger until it is explained. The first defect:',
    root: 'Root',
    size: 'Tree size',
    key: 'Key of the log',
    unsigned: 'Not yet covered by a checkpoint',
    defect: (index: number) => `entry ${formatCount(index)}`,
  },
}
