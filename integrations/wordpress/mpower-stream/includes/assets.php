<?php
/**
 * The stream's style and script, on pages that show a stream and on no others.
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

/**
 * Names the block's script and the style that its preview takes.
 */
function mpower_stream_register_assets() {
	wp_register_script(
		'mpower-stream-editor',
		plugins_url( 'block/editor.js', MPOWER_STREAM_FILE ),
		array( 'wp-blocks', 'wp-block-editor', 'wp-components', 'wp-element', 'wp-i18n', 'wp-server-side-render' ),
		MPOWER_STREAM_VERSION,
		true
	);
	wp_set_script_translations( 'mpower-stream-editor', 'mpower-stream', plugin_dir_path( MPOWER_STREAM_FILE ) . 'languages' );
	$address = mpower_stream_address( '' );
	// phpcs:ignore WordPress.WP.EnqueuedResourceParameters.MissingVersion -- The stream's own caching decides.
	wp_register_style( 'mpower-stream', '' === $address ? false : $address . '/widget.css', array(), null );
}

/**
 * The handle of what comes from one stream: that of the usual one, as this page was begun (a network may show another
 * site's posts in it), or one of its own.
 *
 * @param string $address The stream.
 * @return string
 */
function mpower_stream_handle( $address ) {
	$usual = wp_styles()->query( 'mpower-stream' );
	return $usual && $usual->src === $address . '/widget.css' ? 'mpower-stream' : 'mpower-stream-' . substr( md5( $address ), 0, 8 );
}

/**
 * Brings a stream's style and script.
 *
 * @param string $address One that an administrator has set.
 */
function mpower_stream_enqueue( $address ) {
	$handle = mpower_stream_handle( $address );
	// phpcs:disable WordPress.WP.EnqueuedResourceParameters.MissingVersion -- The stream's own caching decides.
	wp_enqueue_style( $handle, $address . '/widget.css', array(), null );
	if ( function_exists( 'wp_enqueue_script_module' ) ) {
		wp_enqueue_script_module( $handle, $address . '/widget.js', array(), null );
	} else {
		wp_enqueue_script( $handle, $address . '/widget.js', array(), null, true );
	}
	// phpcs:enable
}

/**
 * Brings the style before the page begins where that can be known, so that nothing shifts.
 */
function mpower_stream_enqueue_early() {
	$post    = is_singular() ? get_post() : null;
	$address = mpower_stream_address( '' );
	if ( $post && '' !== $address && ( has_block( 'mpower/stream', $post ) || has_shortcode( $post->post_content, 'mpower_stream' ) ) ) {
		wp_enqueue_style( 'mpower-stream' );
	}
}

/**
 * Makes the script a module before WordPress 6.5, which has words for that.
 *
 * @param string $tag    The tag.
 * @param string $handle Whose it is.
 * @return string
 */
function mpower_stream_as_module( $tag, $handle ) {
	if ( ! preg_match( '/^mpower-stream(-[0-9a-f]{8})?$/D', $handle ) ) {
		return $tag;
	}
	$tag = preg_replace( '/ type=([\'"])text\/javascript\1/', '', $tag );
	return str_replace( ' src=', ' type="module" src=', $tag );
}
