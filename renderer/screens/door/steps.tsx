/** The foot of a form at the door: back on the left, on at the right. */
import { Button, Group } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import type { ReactNode } from 'react'

interface StepsProps {
  readonly back: () => void
  readonly backLabel: string
  readonly children: ReactNode
}

export function Steps({ back, backLabel, children }: StepsProps) {
  return (
    <Group justify="space-between">
      <Button variant="subtle" color="gray" className="quiet-button" leftSection={<IconArrowLeft size={16} />} onClick={back}>
        {backLabel}
      </Button>
      {children}
    </Group>
  )
}
