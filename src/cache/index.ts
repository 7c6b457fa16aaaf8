export { CacheModule } from './cache.module.js';
export { MessageInterceptor } from './message.interceptor.js';
export { PageInterceptor } from './page.interceptor.js';
export { answerPageHits } from './page-hits.js';
export { Pages } from './pages.js';
