<?php
/**
 * Keeps the last good piece of HTML: fresh for a minute, then asked for again, and shown as it is while that fails.
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

define( 'MPOWER_STREAM_KEPT_SECONDS', 30 * DAY_IN_SECONDS );
define( 'MPOWER_STREAM_LOCK_SECONDS', 20 );

/**
 * The newest piece that can be had.
 *
 * @param string $url The address with its query.
 * @return string Nothing if there has been no good one yet.
 */
function mpower_stream_get( $url ) {
	// What an older version has let pass is asked for anew.
	$key  = 'mpower_stream_' . md5( MPOWER_STREAM_VERSION . $url );
	$kept = get_transient( $key );
	if ( ! is_array( $kept ) ) {
		$kept = array(
			'html'  => '',
			'etag'  => '',
			'until' => 0,
		);
	}
	if ( time() < $kept['until'] || ! mpower_stream_lock( $key ) ) {
		return $kept['html'];
	}
	$kept = mpower_stream_renew( $kept, mpower_stream_ask( $url, $kept['etag'] ) );
	set_transient( $key, $kept, MPOWER_STREAM_KEPT_SECONDS );
	mpower_stream_unlock( $key );
	return $kept['html'];
}

/**
 * What is kept after an answer.
 *
 * @param array $kept   What was kept before.
 * @param array $answer What mpower_stream_ask() says.
 * @return array
 */
function mpower_stream_renew( $kept, $answer ) {
	if ( 'new' === $answer['status'] ) {
		$kept['html'] = $answer['html'];
		$kept['etag'] = $answer['etag'];
	}
	if ( 'failed' === $answer['status'] ) {
		/**
		 * How long to wait after a failure.
		 *
		 * @param int $seconds Seconds.
		 */
		$wait = apply_filters( 'mpower_stream_retry_seconds', MINUTE_IN_SECONDS );
	} else {
		/**
		 * How long an answer is shown before the stream is asked whether there is a newer one.
		 *
		 * @param int $seconds Seconds.
		 */
		$wait = apply_filters( 'mpower_stream_fresh_seconds', MINUTE_IN_SECONDS );
	}
	$kept['until'] = time() + (int) $wait;
	return $kept;
}

/**
 * Sees to it that one visitor alone waits for the stream. The database decides who: two inserts cannot both succeed.
 *
 * @param string $key What is asked for.
 * @return bool Whether it is us.
 */
function mpower_stream_lock( $key ) {
	global $wpdb;
	$name = $key . '_lock';
	// phpcs:disable WordPress.DB.DirectDatabaseQuery -- add_option() overwrites, and caches of options would lie here.
	$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name = %s AND option_value < %d", $name, time() - MPOWER_STREAM_LOCK_SECONDS ) );
	return 1 === $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $wpdb->options (option_name, option_value, autoload) VALUES (%s, %d, 'no')", $name, time() ) );
	// phpcs:enable
}

/**
 * Lets the next one ask.
 *
 * @param string $key What was asked for.
 */
function mpower_stream_unlock( $key ) {
	global $wpdb;
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- See mpower_stream_lock().
	$wpdb->delete( $wpdb->options, array( 'option_name' => $key . '_lock' ) );
}
