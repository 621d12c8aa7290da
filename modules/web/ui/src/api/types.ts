import type { components } from './schema';

type Schemas = components['schemas'];

export type Todo = Schemas['Todo'];
export type NewTodo = Schemas['NewTodo'];
export type TodoPatch = Schemas['TodoPatch'];
export type Priority = Schemas['Priority'];
export type Recurrence = NonNullable<Schemas['NewTodo']['recurrence']>;
export type Problem = Schemas['Problem'];
export type Profile = Schemas['Profile'];
export type Preferences = Schemas['Preferences'];
export type Reminder = Schemas['Reminder'];
export type AuditEntry = Omit<Schemas['AuditEntry'], 'payload'> & { payload: unknown };
export type EventType = Schemas['EventType'];
export type Tag = Schemas['Tag'];
export type SignedIn = Schemas['SignedIn'];

/** One change, as it comes over the WebSocket (docs/api/asyncapi.yaml). */
export interface LiveEvent {
  id: string;
  type: EventType;
  subject: string;
  time: string;
  sequence: number;
  actor: string;
  data: { taskId: number; todo: Todo | null; reminderId?: number; title?: string; triggeredAt?: number };
}
