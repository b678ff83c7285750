/** The log for other programs: what it can be written as, and how far writing it is. */
import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconDownload, IconPlayerStop } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { ExportFormat } from '../../../core/api/host.ts'
import { FailureNotice, Panel } from '../../components/layout.tsx'
import { type ExportProgress, exportLog } from '../../export-log.ts'
import { strings } from '../../strings.ts'
import { useTRPCClient } from '../../trpc.ts'

const { exports: t } = strings
const FORMATS = Object.keys(t.formats) as ExportFormat[]

export function Exports() {
  const client = useTRPCClient()
  const [progress, setProgress] = useState<ExportProgress>()
  const ending = useRef<AbortController>(undefined)
  useEffect(() => () => ending.current?.abort(), [])
  const exporting = useMutation({
    mutationFn: (format: ExportFormat) => {
      ending.current = new AbortController()
      setProgress(undefined)
      return exportLog(client, format, ending.current.signal, setProgress)
    },
    onSuccess: (name) =>
      notifications.show({ message: t.saved(name), color: 'teal', closeButtonProps: { 'aria-label': strings.close } }),
  })
  const { isPending, variables, error } = exporting
  const wasStopped = ending.current?.signal.aborted === true
  return (
    <Panel title={t.title}>
      <Stack gap="md">
        <Text size="sm">{t.lead}</Text>
        <ul className="formats">
          {FORMATS.map((format) => (
            <li key={format}>
              <div className="grow">
                <Text size="sm" fw={570}>
                  {t.formats[format].name}
                </Text>
                <Text size="xs" c="dimmed">
                  {t.formats[format].text}
                </Text>
              </div>
              <Button
                variant="default"
                size="xs"
                leftSection={<IconDownload size={14} />}
                disabled={isPending}
                loading={isPending && variables === format}
                aria-label={`${t.save}: ${t.formats[format].name}`}
                onClick={() => exporting.mutate(format)}
              >
                {t.save}
              </Button>
            </li>
          ))}
        </ul>
        {isPending && <UnderWay progress={progress} stop={() => ending.current?.abort()} />}
        {error !== null && !wasStopped && <FailureNotice error={error} />}
      </Stack>
    </Panel>
  )
}

function UnderWay({ progress, stop }: { readonly progress: ExportProgress | undefined; readonly stop: () => void }) {
  const share = progress === undefined || progress.total === 0 ? 0 : progress.done / progress.total
  return (
    <Stack gap="sm">
      <Progress size="lg" value={share * 100} aria-label={t.progress} color="var(--accent)" />
      <Group justify="space-between">
        <Text size="sm" c="dimmed" className="figures-text" aria-live="polite">
          {progress === undefined ? t.beginning : t.underWay[progress.what](progress.done, progress.total)}
        </Text>
        <Button variant="default" size="xs" leftSection={<IconPlayerStop size={14} />} onClick={stop}>
          {strings.verify.stop}
        </Button>
      </Group>
    </Stack>
  )
}
