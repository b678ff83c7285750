/** A ledger is being made, or a hub joined: how far it is. */
import { Paper, Progress, Stack, Text } from '@mantine/core'
import type { MakingTask } from '../../../core/api/views.ts'
import { strings } from '../../strings.ts'
import { Frame } from './frame.tsx'

interface MakingProps {
  readonly task: MakingTask
  readonly done?: number
  readonly total?: number
}

export function Making({ task, done, total }: MakingProps) {
  const { making, makingText, done: howFar } = strings.door
  const isKnown = done !== undefined && total !== undefined && total > 0
  return (
    <Frame title={making[task]} lead={makingText[task]} isNarrow>
      <Paper withBorder radius="lg" className="panel" p="lg" aria-live="polite">
        <Stack gap="xs">
          <Progress value={isKnown ? (done / total) * 100 : 100} animated={!isKnown} aria-label={making[task]} size="lg" />
          <Text size="sm" c="dimmed" className="figures-text">
            {isKnown ? howFar[task](done, total) : strings.loading}
          </Text>
        </Stack>
      </Paper>
    </Frame>
  )
}
