/**
 * What is looked at before every signature: the sentence, what it costs and who gets what, the balance after, and the very text
 * that will be signed. A transaction that would be refused is not offered for signing: the dialog says why, and what would help.
 */
import { Alert, Anchor, Button, Collapse, Group, Loader, Modal, Stack, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { IconChevronDown, IconSend, IconSignature } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { Accepted, PreviewAccepted, PreviewRefused } from '../../core/api/views.ts'
import { nameOf, useDesk } from '../desk.tsx'
import { amountOf, decimalsOf, formatRate, microsOf, sumOf } from '../format.ts'
import { useTextToSign } from '../preview.ts'
import { href } from '../route.ts'
import type { SignRequest } from '../sign.tsx'
import { strings } from '../strings.ts'
import { useSync, waitingIn } from '../sync.tsx'
import { useTRPC } from '../trpc.ts'
import { FailureNotice, RefusalNotice } from './layout.tsx'
import { Amount, Copy, Foreign, Raw, Sentence, When } from './text.tsx'

interface SignDialogProps {
  readonly request: SignRequest
  readonly close: () => void
}

export function SignDialog({ request, close }: SignDialogProps) {
  const { signer, type, accepted, taken } = request
  const trpc = useTRPC()
  const { accounts } = useDesk()
  const preview = useTextToSign(request)
  const [refusal, setRefusal] = useState<PreviewRefused>()
  const sign = useMutation(
    trpc.transaction.sign.mutationOptions({
      onSuccess: (answer) => {
        if (answer.status === 'refused') return setRefusal(answer)
        close()
        taken?.()
        if (answer.status === 'queued') return tellKept(type)
        tell(answer)
        accepted?.(answer)
      },
    }),
  )
  const shown = refusal ?? preview.data
  const isSignable = shown?.status === 'preview' && shown.isSignable
  const buttons = useRef<HTMLDivElement>(null)
  const signButton = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    // The preview may come after the dialog has taken the focus. Whoever is at the other button already stays there: Enter must
    // not sign instead of closing.
    if (isSignable && !buttons.current?.contains(document.activeElement)) signButton.current?.focus()
  }, [isSignable])
  const acting = accounts.find(({ account }) => account === signer)
  return (
    <Modal
      opened
      onClose={close}
      size={560}
      title={<Title type={type} name={acting && nameOf(acting)} />}
      closeButtonProps={{ 'aria-label': strings.close }}
    >
      <Stack gap="md">
        {shown === undefined && preview.error === null && <Loader size="sm" aria-label={strings.loading} />}
        {preview.error !== null && <FailureNotice error={preview.error} retry={() => void preview.refetch()} />}
        {shown?.status === 'refused' && (
          <>
            {shown.draft !== undefined && <What summary={shown.draft.summary} names={shown.draft.names} />}
            <RefusalNotice refusal={shown} />
          </>
        )}
        {shown?.status === 'preview' && <Effect preview={shown} />}
        {isSignable && <OnTheWay />}
        {sign.error !== null && <FailureNotice error={sign.error} />}
        <Group justify="flex-end" gap="xs" ref={buttons}>
          <Button variant="default" onClick={close}>
            {shown?.status === 'preview' ? strings.cancel : strings.close}
          </Button>
          {isSignable && (
            <Button
              ref={signButton}
              data-autofocus
              leftSection={<IconSignature size={18} />}
              loading={sign.isPending}
              onClick={() => sign.mutate({ text: shown.text })}
            >
              {strings.sign.action}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}

function Title({ type, name }: { readonly type: string; readonly name: string | undefined }) {
  return (
    <Group gap={8} component="span">
      <Text component="span" fw={620} fz="md">
        {strings.types[type] ?? type}
      </Text>
      {name !== undefined && (
        <Text component="span" c="dimmed" size="sm">
          {strings.sign.as} <Foreign>{name}</Foreign>
        </Text>
      )}
    </Group>
  )
}

function What({ summary, names }: Pick<PreviewAccepted, 'summary' | 'names'>) {
  return (
    <Text fz="lg" lh={1.4} className="sign-what">
      <Sentence text={summary} names={names} />
    </Text>
  )
}

function Effect({ preview }: { readonly preview: PreviewAccepted }) {
  const { type, summary, names, gross, fee, takeHome, isSignable } = preview
  const { ledger } = useDesk()
  const [isOpen, { toggle }] = useDisclosure(false)
  const changes = booksChanged(preview)
  const shown = [gross, fee, takeHome, ...changes.flatMap(({ before, change, after }) => [before, change, after])]
  const aligned = decimalsOf(shown.filter((amount) => amount !== undefined))
  return (
    <>
      <What summary={summary} names={names} />
      <div className="ledger-lines">
        {gross !== undefined && <Line name={strings.gross} value={gross} aligned={aligned} />}
        {fee !== undefined && <Line name={`${strings.fee}, ${formatRate(ledger.feeBps)}`} value={fee} aligned={aligned} isPart />}
        {takeHome !== undefined && <Line name={<TakeHome preview={preview} />} value={takeHome} aligned={aligned} isPart />}
        {changes.map(({ name, before, change, after }) => (
          <div key={name} className="ledger-group">
            <Line name={strings.sign.before(name)} value={before} aligned={aligned} />
            <Line name={strings.sign.change} value={change} aligned={aligned} signed />
            <Line name={strings.sign.after(name)} value={after} aligned={aligned} isTotal />
          </div>
        ))}
        {gross === undefined && preview.postings.length === 0 && <Text c="dimmed">{strings.sign.movesNothing}</Text>}
      </div>
      {strings.consequences[type] !== undefined && <Text size="sm">{strings.consequences[type]}</Text>}
      {!isSignable && <Text c="dimmed">{strings.sign.noKey}</Text>}
      <div className="unfold">
        <UnstyledButton onClick={toggle} aria-expanded={isOpen} className="unfold-head">
          <IconChevronDown size={16} data-open={isOpen || undefined} /> {strings.sign.raw}
        </UnstyledButton>
        <Collapse expanded={isOpen}>
          <Stack gap={6} mt={6}>
            <Raw label={strings.sign.raw}>{preview.text}</Raw>
            <Text size="xs" c="dimmed" component="div">
              {strings.sign.validUntil} <When time={preview.validUntil} /> · {strings.sign.id}{' '}
              <span className="mono break">{preview.id}</span> <Copy value={preview.text} label={strings.sign.copyRaw} />
            </Text>
          </Stack>
        </Collapse>
      </div>
    </>
  )
}

interface LineProps {
  readonly name: ReactNode
  readonly value: string
  readonly aligned: number
  readonly isPart?: boolean
  readonly isTotal?: boolean
  readonly signed?: boolean
}

function Line({ name, value, aligned, isPart = false, isTotal = false, signed = false }: LineProps) {
  return (
    <div className="ledger-line" data-part={isPart || undefined} data-total={isTotal || undefined}>
      <span>{name}</span>
      <Amount value={value} aligned={aligned} signed={signed} />
    </div>
  )
}

/** Whose it is, where the ledger tells. */
function TakeHome({ preview: { postings, names } }: { readonly preview: PreviewAccepted }) {
  const seller = postings.find(({ book }) => book.startsWith('earnings:'))?.book.slice('earnings:'.length)
  const name = seller === undefined ? undefined : names[seller]
  return (
    <>
      {strings.takeHome}
      {name !== undefined && (
        <>
          {' · '}
          <Foreign>{name}</Foreign>
        </>
      )}
    </>
  )
}

/** What becomes of the signer's own books that people watch. */
function booksChanged({ signer, postings, balances }: PreviewAccepted) {
  return (['wallet', 'held', 'earnings'] as const).flatMap((kind) => {
    const book = `${kind}:${signer}`
    const after = balances[book]
    if (after === undefined) return []
    const change = sumOf(postings.filter((posting) => posting.book === book).map(({ amount }) => amount))
    if (change === '0') return []
    return [{ name: strings.books[kind] ?? kind, before: amountOf(microsOf(after) - microsOf(change)), change, after }]
  })
}

/** What a mirror's figures count ahead of the hub, and whether the hub can take it now. */
function OnTheWay() {
  const sync = useSync()
  if (sync === undefined) return null
  const { signed: t } = strings.sync
  const waiting = waitingIn(sync)
  const said = [...(waiting > 0 ? [t.waiting(waiting)] : []), ...(sync.link.status === 'offline' ? [t.offline] : [])]
  return (
    said.length > 0 && (
      <Alert className="notice" data-tone="warn" icon={<IconSend size={18} />}>
        {said.join(' ')}
      </Alert>
    )
  )
}

interface Telling {
  readonly title: string
  readonly to: string
  readonly see: string
}

function show({ title, to, see }: Telling): void {
  const id = notifications.show({
    title,
    message: (
      <Anchor href={to} onClick={() => notifications.hide(id)}>
        {see}
      </Anchor>
    ),
    color: 'teal',
    autoClose: 8_000,
    closeButtonProps: { 'aria-label': strings.close },
  })
}

function tell({ index, type }: Accepted): void {
  const title = strings.sign.accepted(strings.types[type] ?? type)
  show({ title, to: href('log', index), see: strings.sign.seeEntry(index) })
}

function tellKept(type: string): void {
  const { kept, see } = strings.sync.signed
  show({ title: kept(strings.types[type] ?? type), to: href('sync'), see })
}
