/** The hub that is followed, how that goes, and by which key it is known. */
import { Progress, Stack, Text } from '@mantine/core'
import type { SyncState } from '../../../core/api/views.ts'
import { Fingerprint } from '../../components/fingerprint.tsx'
import { Facts, Failed, Panel } from '../../components/layout.tsx'
import { Id } from '../../components/text.tsx'
import { useDesk } from '../../desk.tsx'
import { strings } from '../../strings.ts'

/** Fewer new entries are here before a bar could be seen. */
const SHOWN_PROGRESS = 100

interface ConnectionProps {
  readonly state: SyncState
  readonly again: () => void
}

export function Connection({ state: { hub, link }, again }: ConnectionProps) {
  const { ledger } = useDesk()
  const { sync: t } = strings
  const { status, failure, undelivered, progress } = link
  return (
    <Panel title={t.connection} aside={t.linkTexts[status]}>
      <Stack gap="md">
        {failure !== undefined && (
          <Failed
            failure={failure}
            title={status === 'stopped' ? t.stopped : t.failed}
            tone={status === 'stopped' ? 'bad' : 'warn'}
            retry={again}
          />
        )}
        {undelivered !== undefined && (
          <Failed failure={{ code: 'offline', message: undelivered }} title={t.undelivered} tone="warn" retry={again} />
        )}
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
