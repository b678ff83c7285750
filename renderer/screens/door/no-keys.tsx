/** The folder has a ledger, and none of its keys: where they come from. */
import { Button, Paper, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import type { DeskState } from '../../../core/api/views.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { Frame } from './frame.tsx'

export function NoKeys({ desk }: { readonly desk: DeskState }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const { noKeys: t } = strings
  return (
    <Frame title={t.title} lead={t.lead} isNarrow>
      <Paper withBorder radius="lg" className="panel" p="lg">
        <Stack>
          <Text>
            {t.bring} <code className="code-word break">nimledger keys import FILE --dir {desk.dir}</code>
          </Text>
          <Button onClick={() => void client.invalidateQueries(trpc.desk.state.queryFilter())}>{t.again}</Button>
        </Stack>
      </Paper>
    </Frame>
  )
}
