/** What few readers want to see, under a line that shows it. */
import { Collapse, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconChevronDown } from '@tabler/icons-react'
import type { ReactNode } from 'react'

interface UnfoldProps {
  readonly title: string
  readonly isOpen?: boolean
  readonly children: ReactNode
}

export function Unfold({ title, isOpen: isOpenFirst = false, children }: UnfoldProps) {
  const [isOpen, { toggle }] = useDisclosure(isOpenFirst)
  return (
    <div className="unfold">
      <UnstyledButton className="unfold-head" onClick={toggle} aria-expanded={isOpen}>
        <IconChevronDown size={16} data-open={isOpen || undefined} /> {title}
      </UnstyledButton>
      <Collapse expanded={isOpen}>{children}</Collapse>
    </div>
  )
}
