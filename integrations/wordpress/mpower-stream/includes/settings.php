<?php
/**
 * The page under Settings, where administrators say which streams this site shows.
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

/**
 * Who may say which streams are shown: those who may bring any script. In a network these are its own administrators.
 *
 * @return string
 */
function mpower_stream_capability() {
	return is_multisite() ? 'manage_network_options' : 'manage_options';
}

/**
 * Tells WordPress of the setting. options.php sees to the nonce and to who may change it.
 */
function mpower_stream_register_settings() {
	register_setting(
		'mpower_stream',
		MPOWER_STREAM_OPTION,
		array(
			'type'              => 'array',
			'sanitize_callback' => 'mpower_stream_read_setting',
			'default'           => array(),
		)
	);
	add_settings_section( 'mpower_stream', '', '__return_null', 'mpower_stream' );
	add_settings_field(
		MPOWER_STREAM_OPTION,
		__( 'Address of the stream', 'mpower-stream' ),
		'mpower_stream_show_field',
		'mpower_stream',
		'mpower_stream',
		array( 'label_for' => 'mpower-stream-addresses' )
	);
}

/**
 * Puts the page into the menu.
 */
function mpower_stream_add_settings_page() {
	add_options_page(
		__( 'mPOWER Stream', 'mpower-stream' ),
		__( 'mPOWER Stream', 'mpower-stream' ),
		mpower_stream_capability(),
		'mpower-stream',
		'mpower_stream_show_settings_page'
	);
}

/**
 * A way to the page from the list of plugins, for those who may use it.
 *
 * @param string[] $links The links there.
 * @return string[]
 */
function mpower_stream_action_links( $links ) {
	if ( ! current_user_can( mpower_stream_capability() ) ) {
		return $links;
	}
	$url  = admin_url( 'options-general.php?page=mpower-stream' );
	$link = sprintf( '<a href="%s">%s</a>', esc_url( $url ), esc_html__( 'Settings', 'mpower-stream' ) );
	return array_merge( array( $link ), $links );
}

/**
 * Reads what was typed: an address a line. One that is wrong changes nothing and is named.
 *
 * WordPress may call this twice for a setting that is new; it reads its own result the same.
 *
 * @param string|array $typed The text, or addresses.
 * @return string[]
 */
function mpower_stream_read_setting( $typed ) {
	$lines     = is_array( $typed ) ? $typed : preg_split( '/\s+/', (string) $typed, -1, PREG_SPLIT_NO_EMPTY );
	$addresses = array();
	foreach ( $lines as $line ) {
		$address = mpower_stream_read_address( (string) $line );
		if ( '' === $address ) {
			add_settings_error(
				MPOWER_STREAM_OPTION,
				'mpower_stream_wrong',
				/* translators: %s: what was typed. */
				sprintf( __( '“%s” is not the address of a stream. It must begin with https:// and lead to a public host, such as https://stream.example.org', 'mpower-stream' ), esc_html( $line ) )
			);
			return mpower_stream_addresses();
		}
		$addresses[] = $address;
	}
	return array_values( array_unique( $addresses ) );
}

/**
 * The field.
 */
function mpower_stream_show_field() {
	printf(
		'<textarea id="mpower-stream-addresses" name="%s" rows="3" class="large-text code" aria-describedby="mpower-stream-how" placeholder="https://stream.example.org">%s</textarea>',
		esc_attr( MPOWER_STREAM_OPTION ),
		esc_textarea( implode( "\n", mpower_stream_addresses() ) )
	);
	printf(
		'<p class="description" id="mpower-stream-how">%s</p>',
		esc_html__( 'One a line; the first is the usual one. Blocks and shortcodes may name another of these with “src”. A stream brings its own script into your pages, so name only those that you trust.', 'mpower-stream' )
	);
}

/**
 * The page.
 */
function mpower_stream_show_settings_page() {
	if ( ! current_user_can( mpower_stream_capability() ) ) {
		return;
	}
	echo '<div class="wrap"><h1>' . esc_html( get_admin_page_title() ) . '</h1><form action="options.php" method="post">';
	settings_fields( 'mpower_stream' );
	do_settings_sections( 'mpower_stream' );
	submit_button();
	echo '</form></div>';
}
