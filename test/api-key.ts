/** Of every gateway in tests. */
export const API_KEY = "sk-test-0123456789abcdef0123456789abcdef";
