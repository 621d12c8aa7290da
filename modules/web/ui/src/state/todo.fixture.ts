// A task for tests.
import type { Todo } from '../api/types';

export const todo = (set: Partial<Todo> = {}): Todo => ({
  id: 1,
  title: 'Pay rent',
  description: null,
  status: 'active',
  priority: 'medium',
  due_date: null,
  all_day: false,
  reminder_at: null,
  remind: true,
  recurrence: null,
  tags: [],
  parent_task_id: null,
  created_at: '2026-11-23T09:00:00Z',
  updated_at: '2026-11-23T09:00:00Z',
  completed_at: null,
  version: 1,
  ...set,
});
