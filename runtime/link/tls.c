/*
 * TLS 1.3 over a socket, by OpenSSL.
 *
 * The pre-shared key is external (RFC 8446, 4.2.11), always with an exchange of
 * fresh Diffie-Hellman keys.  What OpenSSL would do when the key is not the
 * same is a handshake with certificates: neither side has any, and both sides
 * check that the key was used.
 */
#define _GNU_SOURCE
#include "tls.h"
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDENTITY    "popcorn"
#define KEY_DIGITS  64 /* written; more are read */
#define FILE_MAX    4096
#define SECRET_SIZE 32
#define RECORD_MAX  16384u
/* AES-GCM wants a new key before 2^24 records (RFC 8446, 5.5). */
#define REKEY_BYTES (32ull << 30)

struct pcn_tls {
	SSL_CTX *context;
	bool shared, server;
	unsigned char secret[SECRET_SIZE];
};

struct tls {
	struct pcn_transport base;
	const struct pcn_tls *tls;
	SSL *ssl;
	uint64_t written;
	unsigned char gathered[RECORD_MAX];
};

static int complain(struct error *error, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return pcn_fail(error, -EPROTO, "%s: %s", what,
			why ? why : "the other side has gone");
}

/* --- Keys -------------------------------------------------------------------
 */

static int open_private(const char *path, struct error *error)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st))
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_mode & 077 ||
	    (st.st_uid != geteuid() && st.st_uid)) {
		close(fd);
		return pcn_fail(error, -EPERM,
				"%s: a key is a file of this user's that "
				"nobody else can read (chmod 600)",
				path);
	}
	return fd;
}

/* The secret is a hash of the file's digits, so that any length will do. */
static int read_shared(struct pcn_tls *tls, const char *path,
		       struct error *error)
{
	static const char domain[] = "popcorn link, pre-shared key, 1\n";
	char text[sizeof(domain) - 1 + FILE_MAX];
	int fd = open_private(path, error), ok;
	size_t digits = 0, at = sizeof(domain) - 1;
	ssize_t n;

	if (fd < 0)
		return fd;
	memcpy(text, domain, at);
	n = read(fd, text + at, FILE_MAX);
	close(fd);
	if (n < 0)
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	digits = strspn(text + at, "0123456789abcdef");
	if (n == FILE_MAX || digits > (size_t)n)
		digits = 0;
	if (digits < KEY_DIGITS ||
	    (digits != (size_t)n &&
	     (digits + 1 != (size_t)n || text[at + digits] != '\n'))) {
		OPENSSL_cleanse(text, sizeof(text));
		return pcn_fail(error, -EINVAL,
				"%s: not a key (at least %d digits 0-9a-f on "
				"one line; popcorn key FILE makes one)",
				path, KEY_DIGITS);
	}
	ok = EVP_Digest(text, at + digits, tls->secret, NULL, EVP_sha256(),
			NULL);
	OPENSSL_cleanse(text, sizeof(text));
	return ok ? 0 : complain(error, path);
}

int pcn_tls_make_key(const char *path, struct error *error)
{
	unsigned char random[KEY_DIGITS / 2];
	char text[KEY_DIGITS + 2];
	int fd, err = 0;

	if (RAND_bytes(random, sizeof(random)) != 1)
		return complain(error, "no random numbers");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(text + 2 * i, 3, "%02x", random[i]);
	text[KEY_DIGITS] = '\n';
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (fchmod(fd, 0600) ||
	    write(fd, text, KEY_DIGITS + 1) != KEY_DIGITS + 1 || fsync(fd))
		err = pcn_fail(error, -EIO, "%s: cannot be written", path);
	close(fd);
	if (err)
		unlink(path);
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(random, sizeof(random));
	return err;
}

/* The key as OpenSSL wants it: a session as if of an earlier handshake. */
static SSL_SESSION *session_of(SSL *ssl)
{
	static const unsigned char suite[2] = {0x13, 0x01};
	const struct pcn_tls *tls = SSL_get_app_data(ssl);
	SSL_SESSION *s = SSL_SESSION_new();

	if (s &&
	    SSL_SESSION_set1_id_context(s, (const unsigned char *)IDENTITY,
					sizeof(IDENTITY) - 1) &&
	    SSL_SESSION_set1_master_key(s, tls->secret, SECRET_SIZE) &&
	    SSL_SESSION_set_cipher(s, SSL_CIPHER_find(ssl, suite)) &&
	    SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION))
		return s;
	SSL_SESSION_free(s);
	return NULL;
}

static int use_key(SSL *ssl, const EVP_MD *digest, const unsigned char **id,
		   size_t *id_size, SSL_SESSION **session)
{
	*session = NULL;
	*id = (const unsigned char *)IDENTITY;
	*id_size = sizeof(IDENTITY) - 1;
	/* Asked a second time after HelloRetryRequest, with the hash chosen. */
	if (digest && EVP_MD_get_type(digest) != NID_sha256)
		return 1;
	*session = session_of(ssl);
	return *session != NULL;
}

static int find_key(SSL *ssl, const unsigned char *id, size_t id_size,
		    SSL_SESSION **session)
{
	*session = NULL;
	if (id_size != sizeof(IDENTITY) - 1 || memcmp(id, IDENTITY, id_size))
		return 1;
	*session = session_of(ssl);
	return *session != NULL;
}

/* --- Contexts ---------------------------------------------------------------
 */

static int load_certificates(struct pcn_tls *tls,
			     const struct pcn_tls_files *files,
			     struct error *error)
{
	int fd = open_private(files->key, error);

	if (fd < 0)
		return fd;
	close(fd);
	if (SSL_CTX_load_verify_locations(tls->context, files->ca, NULL) != 1)
		return complain(error, files->ca);
	if (SSL_CTX_use_certificate_chain_file(tls->context, files->cert) != 1)
		return complain(error, files->cert);
	if (SSL_CTX_use_PrivateKey_file(tls->context, files->key,
					SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(tls->context) != 1)
		return complain(error, files->key);
	return 0;
}

static int load(struct pcn_tls *tls, const struct pcn_tls_files *files,
		struct error *error)
{
	SSL_CTX *c = tls->context;

	SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
	SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(c, 1);
	SSL_CTX_set_session_id_context(c, (const unsigned char *)IDENTITY,
				       sizeof(IDENTITY) - 1);
	/* With a shared key no certificate is ever good enough. */
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	if (!tls->shared)
		return load_certificates(tls, files, error);
	if (SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256") != 1)
		return complain(error, "TLS");
	SSL_CTX_set_psk_use_session_callback(c, use_key);
	SSL_CTX_set_psk_find_session_callback(c, find_key);
	return read_shared(tls, files->key, error);
}

struct pcn_tls *pcn_tls_new(const struct pcn_tls_files *files, bool server,
			    struct error *error)
{
	struct pcn_tls *tls;

	if (!files->key || !files->cert != !files->ca) {
		pcn_fail(error, -EINVAL,
			 files->key ? "a certificate and its authority go "
				      "together"
				    : "a key is needed");
		return NULL;
	}
	tls = calloc(1, sizeof(*tls));
	if (!tls) {
		pcn_fail(error, -ENOMEM, "out of memory");
		return NULL;
	}
	tls->server = server;
	tls->shared = !files->cert;
	tls->context =
		SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (!tls->context)
		complain(error, "TLS");
	else if (!load(tls, files, error))
		return tls;
	pcn_tls_free(tls);
	return NULL;
}

void pcn_tls_free(struct pcn_tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	OPENSSL_cleanse(tls->secret, sizeof(tls->secret));
	free(tls);
}

/* --- Transport --------------------------------------------------------------
 */

/* What OpenSSL's answer means to us; *other: it waits for the other direction.
 */
static int result(struct tls *t, int n, bool writes, bool *other)
{
	bool cut;

	switch (SSL_get_error(t->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		*other = writes;
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		*other = !writes;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		return errno ? -errno : -ECONNRESET;
	default:
		cut = ERR_GET_REASON(ERR_peek_last_error()) ==
		      SSL_R_UNEXPECTED_EOF_WHILE_READING;
		ERR_clear_error();
		return cut ? -ECONNRESET : -EPROTO;
	}
}

static int handshake(struct pcn_transport *base, struct error *error)
{
	struct tls *t = (struct tls *)base;
	int n, err;

	ERR_clear_error();
	errno = 0;
	n = t->tls->server ? SSL_accept(t->ssl) : SSL_connect(t->ssl);
	if (n == 1) {
		if (!t->tls->shared || SSL_session_reused(t->ssl))
			return 0;
		return pcn_fail(error, -EPROTO,
				"TLS handshake: the key was not used");
	}
	err = SSL_get_error(t->ssl, n);
	if (err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE) {
		base->handshake_wants_write = err == SSL_ERROR_WANT_WRITE;
		return -EAGAIN;
	}
	if (err == SSL_ERROR_SYSCALL && errno)
		return pcn_fail(error, -errno, "TLS handshake: %s",
				strerror(errno));
	return complain(error, "TLS handshake");
}

static ssize_t do_read(struct pcn_transport *base, void *to, size_t size)
{
	struct tls *t = (struct tls *)base;
	int n;

	ERR_clear_error();
	errno = 0;
	n = SSL_read(t->ssl, to, size > 1u << 30 ? 1 << 30 : (int)size);
	return n > 0 ? n : result(t, n, false, &base->read_wants_write);
}

/* Small parts go into one record: one system call, one wake-up. */
static ssize_t do_write(struct pcn_transport *base, const struct iovec *parts,
			int count)
{
	struct tls *t = (struct tls *)base;
	const void *from = parts[0].iov_base;
	size_t size = parts[0].iov_len;
	int n;

	if (size < RECORD_MAX && count > 1) {
		size = 0;
		for (int i = 0; i < count && size < RECORD_MAX; i++) {
			size_t part = parts[i].iov_len;

			if (part > RECORD_MAX - size)
				part = RECORD_MAX - size;
			memcpy(t->gathered + size, parts[i].iov_base, part);
			size += part;
		}
		from = t->gathered;
	}
	if (size > RECORD_MAX)
		size = RECORD_MAX;
	ERR_clear_error();
	errno = 0;
	n = SSL_write(t->ssl, from, (int)size);
	if (n <= 0)
		return result(t, n, true, &base->write_wants_read)
			       ?: -ECONNRESET;
	if (t->written / REKEY_BYTES !=
	    (t->written + (uint64_t)n) / REKEY_BYTES)
		SSL_key_update(t->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
	t->written += (uint64_t)n;
	return n;
}

static void do_end(struct pcn_transport *base)
{
	struct tls *t = (struct tls *)base;

	ERR_clear_error();
	if (SSL_is_init_finished(t->ssl))
		SSL_shutdown(t->ssl);
	ERR_clear_error();
	shutdown(base->fd, SHUT_WR);
}

static void do_free(struct pcn_transport *base)
{
	struct tls *t = (struct tls *)base;

	SSL_set_quiet_shutdown(t->ssl, 1);
	SSL_free(t->ssl);
	close(base->fd);
	OPENSSL_cleanse(t->gathered, sizeof(t->gathered));
	free(t);
}

static const struct pcn_transport_ops ops = {handshake, do_read, do_write,
					     do_end, do_free};

/* A node's certificate must be its own, not another one's of the same
 * authority. */
static int expect_host(SSL *ssl, const char *host)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, host, address) == 1 ||
	    inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
	return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
}

struct pcn_transport *pcn_transport_tls(int fd, const struct pcn_tls *tls,
					const char *host)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (!t) {
		close(fd);
		return NULL;
	}
	t->base.ops = &ops;
	t->base.fd = fd;
	t->tls = tls;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	t->ssl = SSL_new(tls->context);
	if (t->ssl && SSL_set_fd(t->ssl, fd) == 1 &&
	    SSL_set_ex_data(t->ssl, 0, (void *)tls) &&
	    (tls->shared || !host || expect_host(t->ssl, host)))
		return &t->base;
	SSL_free(t->ssl);
	close(fd);
	free(t);
	ERR_clear_error();
	return NULL;
}
