<?php
/**
 * The block and the shortcode.
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

/**
 * Registers both.
 */
function mpower_stream_register() {
	register_block_type(
		plugin_dir_path( MPOWER_STREAM_FILE ) . 'block',
		array( 'render_callback' => 'mpower_stream_show_block' )
	);
	add_shortcode( 'mpower_stream', 'mpower_stream_show_shortcode' );
}

/**
 * The block's HTML.
 *
 * @param array $chosen Its attributes.
 * @return string
 */
function mpower_stream_show_block( $chosen ) {
	$html = mpower_stream_show( mpower_stream_from_block( $chosen ) );
	return '' === $html ? '' : '<div ' . get_block_wrapper_attributes() . '>' . $html . '</div>';
}

/**
 * The shortcode's HTML.
 *
 * @param array|string $typed Its attributes.
 * @return string
 */
function mpower_stream_show_shortcode( $typed ) {
	return mpower_stream_show( mpower_stream_from_shortcode( $typed ) );
}

/**
 * The stream that is asked for, else a link to it. What is wrong is told to those alone who can put it right.
 *
 * @param array $asked The attributes.
 * @return string
 */
function mpower_stream_show( $asked ) {
	$address = mpower_stream_address( is_scalar( $asked['src'] ) ? (string) $asked['src'] : '' );
	if ( '' === $address ) {
		return mpower_stream_note( __( 'No stream is shown here: an administrator has to set its address under Settings › mPOWER Stream.', 'mpower-stream' ) );
	}
	if ( is_feed() ) {
		// A post's readers elsewhere get the post, not the news of others as if they stood in it.
		return mpower_stream_link( $address, mpower_stream_language( $asked ) );
	}
	$html = mpower_stream_get( $address . '/stream?' . mpower_stream_query( $asked ) );
	if ( '' !== $html ) {
		mpower_stream_enqueue( $address );
		return mpower_stream_own_ids( $html );
	}
	return mpower_stream_link( $address, mpower_stream_language( $asked ) )
		. mpower_stream_note( __( 'The stream did not answer, or refused what this block asks for. Visitors see a link to it.', 'mpower-stream' ) );
}

/**
 * Gives a piece that stands in a page for the second time ids of its own.
 *
 * @param string $html The piece.
 * @return string
 */
function mpower_stream_own_ids( $html ) {
	static $seen = array();
	if ( ! preg_match( '/ id="(mpower-[0-9a-z]+-)/', $html, $found ) ) {
		return $html;
	}
	$prefix          = $found[1];
	$seen[ $prefix ] = isset( $seen[ $prefix ] ) ? $seen[ $prefix ] + 1 : 1;
	if ( 1 === $seen[ $prefix ] ) {
		return $html;
	}
	$own = $prefix . $seen[ $prefix ] . '-';
	return str_replace( array( ' id="' . $prefix, ' aria-labelledby="' . $prefix ), array( ' id="' . $own, ' aria-labelledby="' . $own ), $html );
}

/**
 * A plain link to the stream, in the language of the visitor.
 *
 * @param string $address  The stream.
 * @param string $language The language.
 * @return string
 */
function mpower_stream_link( $address, $language ) {
	// Those of the stream itself: the page may speak another language than the site.
	$words = array(
		'de' => 'Neuigkeiten',
		'en' => 'News',
		'es' => 'Noticias',
		'eu' => 'Albisteak',
		'fr' => 'Actualités',
		'hr' => 'Novosti',
		'pt' => 'Notícias',
	);
	$spoken = isset( $words[ $language ] ) ? $language : 'en';
	return sprintf(
		'<p class="mpower-stream-link"><a href="%1$s" lang="%2$s" hreflang="%2$s">%3$s</a></p>',
		esc_url( $address . '/stream?ui=' . $spoken ),
		esc_attr( $spoken ),
		esc_html( $words[ $spoken ] )
	);
}

/**
 * Tells those who write here what is wrong.
 *
 * @param string $text What to say.
 * @return string Nothing for visitors.
 */
function mpower_stream_note( $text ) {
	return current_user_can( 'edit_posts' ) ? '<p class="mpower-stream-note"><em>' . esc_html( $text ) . '</em></p>' : '';
}
