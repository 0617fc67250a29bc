<?php
/**
 * Asks a stream for its piece of HTML.
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

define( 'MPOWER_STREAM_MOST_BYTES', 2 * MB_IN_BYTES );

/**
 * Asks once.
 *
 * @param string $url  The address with its query.
 * @param string $etag The mark of what we hold, or nothing.
 * @return array{status: string, html?: string, etag?: string} The status is `new`, `same` or `failed`.
 */
function mpower_stream_ask( $url, $etag ) {
	$headers = array( 'Accept' => 'text/html' );
	if ( '' !== $etag ) {
		$headers['If-None-Match'] = $etag;
	}
	$answer = wp_safe_remote_get(
		$url,
		array(
			'timeout'             => 4,
			'redirection'         => 2,
			'limit_response_size' => MPOWER_STREAM_MOST_BYTES,
			'headers'             => $headers,
			// WordPress would tell the stream which site asks.
			'user-agent'          => 'mpower-stream-wordpress/' . MPOWER_STREAM_VERSION,
		)
	);
	$status = wp_remote_retrieve_response_code( $answer );
	if ( 304 === $status && '' !== $etag ) {
		return array( 'status' => 'same' );
	}
	$body = wp_remote_retrieve_body( $answer );
	// An answer of that length has been cut.
	if ( 200 !== $status || strlen( $body ) >= MPOWER_STREAM_MOST_BYTES ) {
		return array( 'status' => 'failed' );
	}
	$html = mpower_stream_clean( $body );
	if ( '' === $html ) {
		return array( 'status' => 'failed' );
	}
	$etag = wp_remote_retrieve_header( $answer, 'etag' );
	return array(
		'status' => 'new',
		'html'   => $html,
		'etag'   => is_string( $etag ) ? substr( $etag, 0, 200 ) : '',
	);
}
