/** What a check came to, in one box. */
import { Text } from '@mantine/core'
import { IconAlertOctagon, IconHelpCircle, IconShieldCheck } from '@tabler/icons-react'
import type { ReactNode } from 'react'

const SHAPES = { good: IconShieldCheck, bad: IconAlertOctagon, warn: IconHelpCircle } as const

interface VerdictProps {
  readonly tone: keyof typeof SHAPES
  readonly title: string
  readonly children: ReactNode
}

export function Verdict({ tone, title, children }: VerdictProps) {
  const Shape = SHAPES[tone]
  return (
    <div className="verdict" data-tone={tone} role="status">
      <Shape size={24} stroke={1.7} aria-hidden="true" />
      <div>
        <Text fw={620}>{title}</Text>
        <Text size="sm" component="div">
          {children}
        </Text>
      </div>
    </div>
  )
}
