<?php
/**
 * Which streams this site shows: the addresses that an administrator has set, and no others.
 *
 * A stream brings its own script into the page. If an author could name any address in a shortcode, an author could
 * run any script, which WordPress allows to administrators alone.
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

define( 'MPOWER_STREAM_OPTION', 'mpower_stream_addresses' );

/**
 * The addresses that are set, the usual one first.
 *
 * @return string[] Without a slash at the end.
 */
function mpower_stream_addresses() {
	return array_values( array_filter( (array) get_option( MPOWER_STREAM_OPTION, array() ), 'is_string' ) );
}

/**
 * The address that a block or shortcode means.
 *
 * @param string $wished Its `src`, or nothing for the usual one.
 * @return string Empty where none is set, or where the one that is wished for is not among them.
 */
function mpower_stream_address( $wished ) {
	$known = mpower_stream_addresses();
	if ( '' === $wished ) {
		return $known ? $known[0] : '';
	}
	$wished = untrailingslashit( $wished );
	return in_array( $wished, $known, true ) ? $wished : '';
}

/**
 * Reads one address as somebody types it.
 *
 * @param string $typed What was typed.
 * @return string The address without a slash at the end, or nothing if a stream cannot be there.
 */
function mpower_stream_read_address( $typed ) {
	$url   = untrailingslashit( esc_url_raw( trim( $typed ), array( 'http', 'https' ) ) );
	$parts = wp_parse_url( $url );
	if ( ! $parts || empty( $parts['scheme'] ) || empty( $parts['host'] ) ) {
		return '';
	}
	if ( array_diff_key( $parts, array_flip( array( 'scheme', 'host', 'port', 'path' ) ) ) ) {
		return '';
	}
	// Refuses what wp_safe_remote_get() will not ask: private networks, odd ports.
	return wp_http_validate_url( $url ) ? $url : '';
}
