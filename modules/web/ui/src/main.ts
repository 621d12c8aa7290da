// The account and its tasks are asked for at once. What draws them is much larger: it is evaluated while they are on their way.
import './base.css';
import { startSession } from './state/session';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');

const started = startSession(() => void import('./page').then(({ draw }) => draw(root, started)));
