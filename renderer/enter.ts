/** How the page learns at once how the desk stands after a call that changed it. */
import { useQueryClient } from '@tanstack/react-query'
import { type Answers, useTRPC } from './trpc.ts'

export function useEnter(): (state: Answers['desk']['state']) => void {
  const trpc = useTRPC()
  const client = useQueryClient()
  return (state) => void client.setQueryData(trpc.desk.state.queryKey(), state)
}
