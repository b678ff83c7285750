/** One entry: what it says, what it moved, the very bytes, who signed, and whether it verifies in this page. */
import { Button, Drawer, Group, Stack, Text, Title } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { EntryDetail, EntrySignature, Names } from '../../../core/api/views.ts'
import { toBase64, tryFromBase64 } from '../../../core/base/bytes.ts'
import { MAX_PROOF_BYTES } from '../../../core/base/limits.ts'
import { Malformed } from '../../../core/base/malformed.ts'
import { formatProof, parseProof } from '../../../core/log/proof.ts'
import { Answered, Facts, Tag } from '../../components/layout.tsx'
import { Amount, BookName, Foreign, Id, Raw, Sentence, When } from '../../components/text.tsx'
import { decimalsOf } from '../../format.ts'
import { useLive } from '../../live.tsx'
import { filterIn } from '../../log-filter.ts'
import { go, href, useRoute } from '../../route.ts'
import { saveFile } from '../../save-file.ts'
import { useCloseOnEscape } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { BatchLines, useAskedLine } from './batch-lines.tsx'
import { EntryActions, useAsked } from './entry-actions.tsx'
import { Proof } from './proof.tsx'

interface EntryProps {
  readonly index: number
  readonly close: () => void
}

export function EntryDrawer({ index, close }: EntryProps) {
  const trpc = useTRPC()
  const { size } = useLive()
  // Asked again each time that it is opened: the proof is of the newest checkpoint.
  const detail = useQuery(trpc.log.entry.queryOptions({ index }, { gcTime: 0, staleTime: Number.POSITIVE_INFINITY }))
  const { log: t } = strings
  const { search } = useRoute()
  const [asked, ask] = useAsked()
  const [line, askLine] = useAskedLine()
  const isUppermost = useCloseOnEscape() && asked === undefined && line === undefined
  const step = (by: number) => go(href('log', Math.min(index + by, size - 1), filterIn(search)), { replace: true })
  return (
    <Drawer.Root opened onClose={close} closeOnEscape={isUppermost} position="right" size={640}>
      <Drawer.Overlay backgroundOpacity={0.35} />
      <Drawer.Content aria-label={t.entry(index)} className="entry">
        <Drawer.Header role="presentation">
          <Drawer.Title tabIndex={-1} data-autofocus>
            {t.entry(index)}
          </Drawer.Title>
          <Group gap={6}>
            <Button
              size="compact-sm"
              variant="default"
              disabled={index <= 0}
              onClick={() => step(-1)}
              leftSection={<IconChevronLeft size={14} />}
            >
              {t.older}
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              disabled={index + 1 >= size}
              onClick={() => step(1)}
              rightSection={<IconChevronRight size={14} />}
            >
              {t.newer}
            </Button>
            <Drawer.CloseButton aria-label={strings.close} />
          </Group>
        </Drawer.Header>
        <Drawer.Body>
          <Answered query={detail} lines={8}>
            {(data) => (
              <Entry key={data.index} detail={data} actions={<EntryActions detail={data} asked={asked} ask={ask} />}>
                {data.lines !== undefined && (
                  <Section
                    title={strings.batchLines.title}
                    aside={
                      <Text size="xs" c="dimmed">
                        {strings.unit('0')}
                      </Text>
                    }
                  >
                    <BatchLines detail={data} asked={line} ask={askLine} />
                  </Section>
                )}
              </Entry>
            )}
          </Answered>
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}

function Section({
  title,
  children,
  aside,
}: {
  readonly title: string
  readonly children: ReactNode
  readonly aside?: ReactNode
}) {
  return (
    <section className="entry-section">
      <Group justify="space-between" mb={8}>
        <Title order={3} fz="sm" fw={600}>
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </section>
  )
}

interface EntryPartsProps {
  readonly detail: EntryDetail
  readonly actions: ReactNode
  /** What only some types have. */
  readonly children: ReactNode
}

function Entry({ detail, actions, children }: EntryPartsProps) {
  const { summary, names, type, time, signer, id, created, lines, note, signatures } = detail
  const { log: t } = strings
  return (
    <Stack gap={0}>
      <Stack gap="sm" mb="md">
        <Text fz="lg" lh={1.4} fw={550}>
          <Sentence text={summary} names={names} />
        </Text>
        <Facts
          rows={[
            [t.type, <Tag key="type">{type}</Tag>],
            [t.time, <When key="time" time={time} />],
            [
              t.signer,
              <span key="signer">
                {names[signer] !== undefined && <Foreign>{names[signer]}</Foreign>} <Id value={signer} />
              </span>,
            ],
            created === undefined ? undefined : [t.created, <Id key="created" value={created} />],
            [t.id, <Id key="id" value={id} />],
            lines && [
              t.metered,
              t.lines(
                lines.charged,
                lines.duplicates,
                Object.values(lines.refused).reduce((sum, count) => sum + count, 0),
              ),
            ],
          ]}
        />
      </Stack>
      {actions}
      <Section title={t.proof} aside={<Receipt detail={detail} />}>
        <Proof detail={detail} />
      </Section>
      <Section
        title={t.postings}
        aside={
          <Text size="xs" c="dimmed">
            {strings.unit('0')}
          </Text>
        }
      >
        <Postings detail={detail} />
      </Section>
      {children}
      <Section title={t.raw} aside={<Bytes detail={detail} />}>
        <Text size="xs" c="dimmed" mb={6}>
          {t.rawHint}
        </Text>
        <Raw label={t.raw}>{note}</Raw>
      </Section>
      <Section title={t.signatures}>
        <Stack gap="md">
          {signatures.map((signature) => (
            <Signature key={signature.signature} signature={signature} names={names} />
          ))}
        </Stack>
      </Section>
    </Stack>
  )
}

function Postings({ detail: { postings, names, gross, fee, takeHome, balances } }: { readonly detail: EntryDetail }) {
  const { log: t } = strings
  if (postings.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t.noPostings}
      </Text>
    )
  }
  const amounts = decimalsOf(postings.map(({ amount }) => amount))
  const afters = decimalsOf(postings.flatMap(({ book }) => balances[book] ?? []))
  return (
    <Stack gap="sm">
      {gross !== undefined && fee !== undefined && takeHome !== undefined && (
        <div className="split">
          {[
            [strings.gross, gross],
            [strings.fee, fee],
            [strings.takeHome, takeHome],
          ].map(([name, amount]) => (
            <div key={name}>
              <Text size="xs" c="dimmed">
                {name}
              </Text>
              <Amount value={amount!} className="strong" />
            </div>
          ))}
        </div>
      )}
      <div className="table-scroll">
        <table className="table inset">
          <thead>
            <tr>
              <th scope="col">{t.book}</th>
              <th scope="col" data-align="end">
                {t.amount}
              </th>
              <th scope="col" data-align="end">
                {t.after}
              </th>
            </tr>
          </thead>
          <tbody>
            {postings.map(({ book, amount }) => (
              <tr key={book}>
                <td>
                  <BookName book={book} names={names} />
                </td>
                <td data-align="end">
                  <Amount value={amount} aligned={amounts} signed />
                </td>
                <td data-align="end">{balances[book] !== undefined && <Amount value={balances[book]} aligned={afters} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Stack>
  )
}

interface SignatureProps {
  readonly signature: EntrySignature
  readonly names: Names
}

/** By which key, as its owner calls it, and what it may sign now. */
function Signature({ signature: { name, keyId, signature, publicKey, label, scopes, isRevoked }, names }: SignatureProps) {
  const { log: t } = strings
  return (
    <Facts
      rows={[
        [
          t.signer,
          <span key="name">
            {names[name] !== undefined && <Foreign>{names[name]}</Foreign>} <Id value={name} />
          </span>,
        ],
        [
          t.key,
          <span key="key">
            {publicKey !== undefined && (label === undefined ? t.firstKey : <Foreign>{label}</Foreign>)}{' '}
            <span className="mono">{keyId}</span> {isRevoked && <Tag tone="warn">{t.revoked}</Tag>}
          </span>,
        ],
        scopes === undefined ? undefined : [t.maySign, scopes.map((scope) => strings.keys.scopes[scope]).join(' · ')],
        publicKey === undefined ? undefined : [t.publicKey, <Id key="public" value={publicKey} full />],
        [t.signature, <Id key="signature" value={signature} full />],
      ]}
    />
  )
}

/** The proof with the entry in it: all that any verifier needs beside the log's key. */
function Receipt({ detail: { index, proof, bytes } }: { readonly detail: EntryDetail }) {
  const { log: t } = strings
  const download = () => {
    const [file, entry] = [tryFromBase64(proof), tryFromBase64(bytes)]
    const parsed = file && parseProof(file, MAX_PROOF_BYTES)
    if (parsed === undefined || parsed instanceof Malformed || entry === undefined) return
    saveFile(`entry-${index}.tlog-proof`, toBase64(formatProof({ ...parsed, extra: entry })))
  }
  return (
    <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} />} onClick={download} title={t.receiptHint}>
      {t.receipt}
    </Button>
  )
}

/** The very bytes of the log: the time, a newline, and the note. */
function Bytes({ detail: { index, bytes } }: { readonly detail: EntryDetail }) {
  const { log: t } = strings
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconDownload size={14} />}
      onClick={() => saveFile(`entry-${index}.entry`, bytes)}
      title={t.bytesHint}
    >
      {t.bytes(tryFromBase64(bytes)?.length ?? 0)}
    </Button>
  )
}
