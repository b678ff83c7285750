/** What the hub was caught at: what each file shows, and to whom. */
import { Alert, Button, Group, Stack, Text, Tooltip } from '@mantine/core'
import { IconAlertOctagon, IconDownload } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { EvidenceView } from '../../../core/api/views.ts'
import { Answered, FailureNotice, Panel, Tag } from '../../components/layout.tsx'
import { When } from '../../components/text.tsx'
import { saveFile } from '../../save-file.ts'
import { strings } from '../../strings.ts'
import { useTRPC, useTRPCClient } from '../../trpc.ts'

export function EvidenceFiles() {
  const trpc = useTRPC()
  const found = useQuery(trpc.sync.evidence.queryOptions())
  const { evidence: t } = strings.sync
  return (
    <Panel title={t.title}>
      <Stack gap="md">
        <Alert className="notice" data-tone="bad" icon={<IconAlertOctagon size={18} />} title={t.alert}>
          {t.alertText}
        </Alert>
        <Answered query={found}>
          {(files) => (
            <ul className="evidence">
              {files.map((file) => (
                <EvidenceFile key={file.name} file={file} />
              ))}
            </ul>
          )}
        </Answered>
      </Stack>
    </Panel>
  )
}

function EvidenceFile({ file }: { readonly file: EvidenceView }) {
  const { name, kept, kind, message, heldSize, shownSize, isProof } = file
  const client = useTRPCClient()
  const save = useMutation({
    mutationFn: () => client.sync.evidenceFile.query({ name }),
    onSuccess: ({ bytes }) => saveFile(name, bytes),
  })
  const { evidence: t } = strings.sync
  return (
    <li>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Stack gap={4}>
          <Group gap={8}>
            <Text component="span" fw={600}>
              {t.kinds[kind]}
            </Text>
            <Tooltip label={isProof ? t.proofHint : t.wordHint} multiline maw={320}>
              <span>
                <Tag tone={isProof ? 'bad' : 'warn'}>{isProof ? t.proof : t.word}</Tag>
              </span>
            </Tooltip>
          </Group>
          <Text component="div" size="sm">
            <bdi>{message}</bdi>
          </Text>
          <Text component="div" size="xs" c="dimmed">
            <When time={kept} />
            {heldSize !== undefined && shownSize !== undefined && ` · ${t.trees(heldSize, shownSize)}`} ·{' '}
            <span className="mono">{name}</span>
          </Text>
          {save.error !== null && <FailureNotice error={save.error} />}
        </Stack>
        <Button
          size="compact-sm"
          variant="default"
          className="fixed"
          leftSection={<IconDownload size={14} />}
          loading={save.isPending}
          aria-label={`${t.save}: ${name}`}
          onClick={() => save.mutate()}
        >
          {t.save}
        </Button>
      </Group>
    </li>
  )
}
