/* The block in the editor: its settings at the side, and what visitors will see, rendered by the server. */
( function ( blocks, blockEditor, components, element, i18n, ServerSideRender ) {
	'use strict';

	const { createElement, Fragment } = element;
	const { __ } = i18n;
	const { InspectorControls, useBlockProps } = blockEditor;
	const { Disabled, PanelBody, RangeControl, SelectControl, TextControl, ToggleControl } = components;

	const listHelp = __( 'Several with spaces between; empty shows all.', 'mpower-stream' );
	const filters = [
		[ 'languages', __( 'Languages of the items', 'mpower-stream' ) ],
		[ 'tag', __( 'Topics', 'mpower-stream' ) ],
		[ 'partner', __( 'Partners', 'mpower-stream' ) ],
		[ 'source', __( 'Sources', 'mpower-stream' ) ],
		[ 'kind', __( 'Kinds', 'mpower-stream' ) ],
	];

	const Edit = function ( { attributes, setAttributes } ) {
		const control = ( type, name, label, more, read ) =>
			createElement( type, {
				key: name,
				label,
				[ type === ToggleControl ? 'checked' : 'value' ]: attributes[ name ],
				onChange: ( value ) => setAttributes( { [ name ]: read ? read( value ) : value } ),
				...more,
			} );
		const layouts = [
			{ value: 'list', label: __( 'List', 'mpower-stream' ) },
			{ value: 'cards', label: __( 'Cards', 'mpower-stream' ) },
			{ value: 'compact', label: __( 'Compact', 'mpower-stream' ) },
		];
		const levels = [ 2, 3, 4, 5, 6 ].map( ( level ) => ( { value: level, label: 'H' + level } ) );
		return createElement(
			Fragment,
			null,
			createElement(
				InspectorControls,
				null,
				createElement(
					PanelBody,
					{ title: __( 'What is shown', 'mpower-stream' ) },
					filters.map( ( [ name, label ] ) => control( TextControl, name, label, { help: listHelp } ) ),
					control( RangeControl, 'limit', __( 'Items', 'mpower-stream' ), { min: 1, max: 100 } )
				),
				createElement(
					PanelBody,
					{ title: __( 'How it is shown', 'mpower-stream' ) },
					control( TextControl, 'lang', __( 'Language of the words around the items', 'mpower-stream' ), {
						help: __( 'Two letters, such as eu; empty takes that of the page.', 'mpower-stream' ),
					} ),
					control( TextControl, 'prefer', __( 'Languages to show a story in', 'mpower-stream' ), {
						help: __( 'The dearest first, such as: eu es', 'mpower-stream' ),
					} ),
					control( SelectControl, 'layout', __( 'Layout', 'mpower-stream' ), { options: layouts } ),
					control( SelectControl, 'headingLevel', __( 'Level of headings', 'mpower-stream' ), { options: levels }, Number ),
					control( ToggleControl, 'images', __( 'Pictures', 'mpower-stream' ) ),
					control( ToggleControl, 'live', __( 'Offer new items by a button', 'mpower-stream' ) )
				),
				createElement(
					PanelBody,
					{ title: __( 'Stream', 'mpower-stream' ), initialOpen: false },
					control( TextControl, 'src', __( 'Address of the stream', 'mpower-stream' ), {
						help: __( 'Empty takes the usual one; another must stand under Settings › mPOWER Stream.', 'mpower-stream' ),
					} )
				)
			),
			createElement(
				'div',
				useBlockProps(),
				createElement(
					Disabled,
					null,
					createElement( ServerSideRender, { block: 'mpower/stream', attributes } )
				)
			)
		);
	};

	blocks.registerBlockType( 'mpower/stream', { edit: Edit, save: () => null } );
} )( window.wp.blocks, window.wp.blockEditor, window.wp.components, window.wp.element, window.wp.i18n, window.wp.serverSideRender );
