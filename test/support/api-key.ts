/** Of every gateway in tests: what clients show, and the operator. */
export const API_KEY = "sk-test-0123456789abcdef0123456789abcdef";
export const ADMIN_KEY = "sk-admin-0123456789abcdef0123456789abcdef";
