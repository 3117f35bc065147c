#ifndef VALISE_TEST_SANITIZED_H
#define VALISE_TEST_SANITIZED_H

/* Is this a build with AddressSanitizer? Everything takes several times as long there. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif
#endif
