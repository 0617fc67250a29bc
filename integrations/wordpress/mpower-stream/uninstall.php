<?php
/**
 * Takes everything away that the plugin has kept, on every site of a network.
 *
 * @package MpowerStream
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Takes it away on this site.
 */
function mpower_stream_uninstall() {
	global $wpdb;
	delete_option( 'mpower_stream_addresses' );
	// Transients of an object cache go when their time is over; these are the ones in the database.
	foreach ( array( '_transient_mpower_stream_', '_transient_timeout_mpower_stream_', 'mpower_stream_' ) as $beginning ) {
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- Their names are not known.
		$names = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( $beginning ) . '%' ) );
		array_map( 'delete_option', $names );
	}
}

if ( is_multisite() ) {
	$mpower_stream_sites = get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	);
	foreach ( $mpower_stream_sites as $mpower_stream_site ) {
		switch_to_blog( $mpower_stream_site );
		mpower_stream_uninstall();
		restore_current_blog();
	}
} else {
	mpower_stream_uninstall();
}
