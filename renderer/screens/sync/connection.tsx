/** The hub that is followed: by which key it is known, how following goes, and what is in its way. */
import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { LinkState, SyncState } from '../../../core/api/views.ts'
import { Fingerprint } from '../../components/fingerprint.tsx'
import { Facts, Failed, FailureNotice, Panel } from '../../components/layout.tsx'
import { Id } from '../../components/text.tsx'
import { TokenInput } from '../../components/token-input.tsx'
import { useDesk } from '../../desk.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'

/** Fewer new entries are here before a bar could be seen. */
const SHOWN_PROGRESS = 100

export function Connection({ state: { hub, link } }: { readonly state: SyncState }) {
  const { ledger } = useDesk()
  const { sync: t } = strings
  const { status, progress } = link
  return (
    <Panel title={t.connection} aside={t.linkTexts[status]}>
      <Stack gap="md">
        {progress !== undefined && progress.total >= SHOWN_PROGRESS && (
          <div>
            <Progress value={(progress.done / progress.total) * 100} aria-label={t.taking} color="var(--accent)" />
            <Text size="xs" c="dimmed" mt={4} className="figures-text" aria-live="polite">
              {t.of(progress.done, progress.total)}
            </Text>
          </div>
        )}
        <Facts
          rows={[
            [t.hub, <bdi key="hub">{hub.url}</bdi>],
            [t.origin, <bdi key="origin">{ledger.origin}</bdi>],
            [t.key, <Id key="key" value={hub.vkey} full />],
            [t.fingerprint, <Fingerprint key="fingerprint" vkey={hub.vkey} />],
          ]}
        />
      </Stack>
    </Panel>
  )
}

interface TroubleProps {
  readonly link: LinkState
  readonly again: () => void
}

/** What is in the way, if anything is. */
export function Trouble({ link: { status, failure, needsToken, undelivered }, again }: TroubleProps) {
  const { sync: t } = strings
  if (failure !== undefined) {
    const isStopped = status === 'stopped'
    const [title, tone] = isStopped ? ([t.stopped, 'bad'] as const) : ([t.failed, 'warn'] as const)
    const shown = <Failed failure={failure} title={title} tone={tone} retry={again} />
    if (needsToken !== true) return shown
    return (
      <>
        {shown}
        <AnotherToken />
      </>
    )
  }
  if (undelivered === undefined) return null
  return <Failed failure={{ code: 'offline', message: undelivered }} title={t.undelivered} tone="warn" retry={again} />
}

/** A private hub's log is closed to the token that was used, or to none: another one is given here. */
function AnotherToken() {
  const trpc = useTRPC()
  const [typed, setToken] = useState('')
  const use = useMutation(trpc.sync.useToken.mutationOptions())
  const token = typed.trim()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (token !== '') use.mutate({ token })
  }
  return (
    <Panel title={strings.token.another}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <TokenInput value={typed} change={setToken} isRequired />
          {use.error !== null && <FailureNotice error={use.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={use.isPending} disabled={token === ''}>
              {strings.token.use}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  )
}
