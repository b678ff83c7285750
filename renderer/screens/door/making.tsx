/** A ledger is being made: how far it is. */
import { Paper, Progress, Stack, Text } from '@mantine/core'
import { strings } from '../../strings.ts'
import { Frame } from './frame.tsx'

export function Making({ done, total }: { readonly done?: number; readonly total?: number }) {
  const { making, makingText, lines } = strings.door
  const isKnown = done !== undefined && total !== undefined && total > 0
  return (
    <Frame title={making} lead={makingText} isNarrow>
      <Paper withBorder radius="lg" className="panel" p="lg" aria-live="polite">
        <Stack gap="xs">
          <Progress value={isKnown ? (done / total) * 100 : 100} animated={!isKnown} aria-label={making} size="lg" />
          <Text size="sm" c="dimmed" className="figures-text">
            {isKnown ? lines(done, total) : strings.loading}
          </Text>
        </Stack>
      </Paper>
    </Frame>
  )
}
