/** Lines under a heading: what, a note below it, and a figure or a link at the end. */
import { Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

interface LinesProps {
  readonly title: string
  readonly aside?: ReactNode
  /** What is said below all of them. */
  readonly note?: string
  readonly children: ReactNode
}

export function Lines({ title, aside, note, children }: LinesProps) {
  return (
    <section>
      <Group justify="space-between">
        <Title order={3} fz="xs" fw={600} c="dimmed">
          {title}
        </Title>
        <Text size="xs" c="dimmed" component="div">
          {aside}
        </Text>
      </Group>
      <ul className="lines" aria-label={title}>
        {children}
      </ul>
      {note !== undefined && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </section>
  )
}

interface LineProps {
  readonly children: ReactNode
  readonly note?: ReactNode
  readonly end?: ReactNode
}

export function Line({ children, note, end }: LineProps) {
  return (
    <li>
      <Text size="sm" component="div">
        {children}
        {note !== undefined && (
          <Text size="xs" c="dimmed" component="div" className="linked">
            {note}
          </Text>
        )}
      </Text>
      {end}
    </li>
  )
}
