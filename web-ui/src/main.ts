import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { begin } from './lib/state.svelte.ts';
import { applyTheme } from './lib/theme.ts';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
applyTheme();
begin();
mount(App, { target });
